// Written by `socketio::contract`: do not edit.
//
//     import { io, type Socket } from "socket.io-client";
//     import type { ClientToServerEvents, ServerToClientEvents } from "./events";
//
//     const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io();

/** What clients send to `/`. */
export interface ClientToServerEvents {
  /** Returns the sum and the mean of numbers. */
  sum: (first: number, ...args: [...others: number[], ack: (reply1: number, reply2: number) => void]) => void;
}

/** What clients of `/` receive. */
export interface ServerToClientEvents {
  // No type with `#[derive(socketio::Event)]` is for this namespace.
}

/**
 * The `auth` of clients that connect to `/chat`.
 *
 * Accepts clients with a valid token.
 */
export type ChatAuth = Login;

/** What clients send to `/chat`. */
export interface ChatClientToServerEvents {
  /** Enters a room, and returns the number of rooms that the client is in. */
  join: (room: string, ack: (reply: number | EventError) => void) => void;
  /**
   * Posts a message to a room.
   *
   * Returns its id.
   */
  post: (message: NewMessage, ack: (reply: number | EventError) => void) => void;
  /** Asks the client whether it is still there. */
  wake: (ack: (reply: boolean | EventError) => void) => void;
}

/** What clients of `/chat` receive. */
export interface ChatServerToClientEvents {
  /** Somebody has said something. */
  "chat message": (data: ChatMessage) => void;
  /** Somebody has come in or gone. */
  presence: (arg1: string, arg2: boolean) => void;
  /** Asks whether a client is still there. */
  "still there?": (ack: (reply: boolean) => void) => void;
}

/** The namespaces `/job/{id}`. */
export type JobIdPath = `/job/${number}`;

/** What clients send to `/job/{id}`. */
export interface JobIdClientToServerEvents {
  /** Returns the parts of the job, down to a depth. */
  parts: (depth: number | null, ack: (reply: Part) => void) => void;
  /** Sends the state of the job again. */
  refresh: () => void;
}

/** What clients of `/job/{id}` receive. */
export interface JobIdServerToClientEvents {
  /** What a job does. */
  state: (data: JobState) => void;
}

/** Somebody has said something. */
export interface ChatMessage {
  from: string;
  id: number;
  replyTo?: number | null;
  text: string;
  urgency: Urgency;
}

/** The acknowledgement of an event that failed. */
export interface EventError {
  /** What is wrong, as far as the client may know. */
  error: string;
  /** After how many seconds to try again, if events came too often. */
  retry_after?: number;
}

/** What a job does. */
export type JobState =
  /** It waits for others. */
  | { before: number; state: "waiting" }
  | { notes: Record<string, string>; percent: number; state: "running" }
  | { state: "done" };

/** Who a client is. */
export interface Login {
  name: string;
  /** From the page of the account. */
  token: string;
}

export interface NewMessage {
  picture?: Binary | null;
  /** The id of the message that this one answers. */
  replyTo?: number | null;
  room: string;
  text: string;
  urgency?: Urgency;
}

/** A part of a job, and the parts in it. */
export interface Part {
  name: string;
  parts: Part[];
}

/** How urgent a message is. */
export type Urgency = "when-you-have-time" | "now";

/** Binary data. A `Buffer` of Node is a `Uint8Array`. */
export type Binary = ArrayBuffer | Uint8Array;
