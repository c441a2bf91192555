// Prints what `EventSource` receives, a line of JSON each: node --experimental-eventsource event-source.js URL
const source = new EventSource(process.argv[2]);
const print = (kind) => ({ data, lastEventId }) => console.log(JSON.stringify({ kind, id: lastEventId, data: JSON.parse(data) }));
source.addEventListener("joined", print("joined"));
source.onmessage = print("message");
source.onerror = ({ message }) => source.readyState === EventSource.CLOSED && console.error(`it gives up: ${message}`);
// Keeps the process alive until the source has reconnected.
setInterval(() => {}, 60_000);
