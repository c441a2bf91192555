// The steps of the matrix with zishang520's client: matrix URL TRANSPORT
//
// The steps and their output are described in ../README.md.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	client "github.com/zishang520/socket.io/clients/socket/v3"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

const text = "größe 👩‍🚀"

var (
	url, transport = os.Args[1], os.Args[2]
	bytes          = make([]byte, 300)
)

func main() {
	for i := range bytes {
		bytes[i] = byte(i)
	}
	main := create("/")
	// Of a connection of its own: when the server has disconnected one namespace, the others don't notice the end of theirs.
	chat := create("/chat")
	hello, helloChat := event(main, "hello"), event(chat, "hello")
	main.Connect()
	chat.Connect()
	report("connect", <-hello)
	report("namespace", <-helloChat)

	echoed := event(chat, "echoed")
	chat.Emit("echo", text, 1, map[string]any{"a": []any{true, nil}})
	report("event", <-echoed)
	report("ack", ask(main, "answer", text, []any{2}))

	asked := event(main, "asked")
	main.On("question", func(arguments ...any) {
		last := len(arguments) - 1
		report("question", arguments[:last])
		arguments[last].(socket.Ack)([]any{"because", map[string]any{text: []any{1}}}, nil)
	})
	main.Emit("ask", "why")
	report("asked", <-asked)

	echoed = event(main, "echoed")
	main.Emit("echo", text, bytes, map[string]any{"deep": []any{bytes[:3]}})
	report("binary", <-echoed)
	report("binary ack", ask(main, "answer", bytes))

	current := ask(main, "transport")[0]
	for transport == "default" && current == "polling" {
		current = ask(main, "transport")[0]
	}
	report("transport", current)

	refused := create("/refused")
	refusedWith := event(refused, "connect_error")
	refused.Connect()
	report("refused", refusal(<-refusedWith))
	refused.Disconnect()

	left := event(chat, "disconnect")
	chat.Emit("leave")
	report("server disconnect", (<-left)[0])

	// It reconnects after other ends, but not after this one.
	closed := create("/")
	var connects atomic.Int32
	closed.On("connect", func(...any) { connects.Add(1) })
	opened, end := event(closed, "hello"), event(closed, "disconnect")
	closed.Connect()
	<-opened
	closed.Emit("close")
	report("server close", (<-end)[0])

	main.On("disconnect", func(arguments ...any) { report("lost", arguments[0]) })
	main.On("hello", func(arguments ...any) {
		main.Emit("answer", 1, func(_ []any, err error) {
			if err == nil {
				report("back", arguments)
			}
		})
	})
	report("ready", nil)
	io.Copy(io.Discard, os.Stdin)
	report("end", map[string]any{"connects": connects.Load()})
}

// A client that does not connect before it is told to, so that it misses no event.
func create(namespace string) *client.Socket {
	return client.NewManager(url, options()).Socket(namespace, options())
}

func options() *client.Options {
	options := client.DefaultOptions()
	options.SetAutoConnect(false)
	options.SetAuth(map[string]any{"token": text})
	switch transport {
	case "polling":
		options.SetTransports(types.NewSet(client.Polling))
	case "websocket":
		options.SetTransports(types.NewSet(client.WebSocket))
	}
	return options
}

func event(from *client.Socket, name string) <-chan []any {
	received := make(chan []any, 1)
	from.Once(types.EventName(name), func(arguments ...any) { received <- arguments })
	return received
}

func ask(from *client.Socket, name string, arguments ...any) []any {
	received := make(chan []any, 1)
	from.Emit(name, append(arguments, func(answer []any, _ error) { received <- answer })...)
	return <-received
}

func refusal(arguments []any) any {
	if refused, ok := arguments[0].(*types.ExtendedError); ok {
		return map[string]any{"message": refused.Message, "data": refused.Data}
	}
	return fmt.Sprint(arguments...)
}

func report(step string, value any) {
	line, err := json.Marshal(map[string]any{"step": step, "value": readable(value)})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// The value with its binary parts as text.
func readable(value any) any {
	switch value := value.(type) {
	case []byte:
		return map[string]any{"hex": hex.EncodeToString(value)}
	case types.BufferInterface:
		return map[string]any{"hex": hex.EncodeToString(value.Bytes())}
	case []any:
		inner := make([]any, len(value))
		for i := range value {
			inner[i] = readable(value[i])
		}
		return inner
	case map[string]any:
		inner := map[string]any{}
		for key := range value {
			inner[key] = readable(value[key])
		}
		return inner
	}
	return value
}
