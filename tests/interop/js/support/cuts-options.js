// The options of the servers and clients of the random cuts.

/** How long a session is kept, in milliseconds. */
export const MAX_DISCONNECTION = 5_000;
/** The interval of pings, and their timeout, in milliseconds. */
export const PING = 1_000;
/** The options of the server that the model depends on. */
export const OPTIONS = ["--ping-interval", PING, "--ping-timeout", PING, "--max-disconnection", MAX_DISCONNECTION].map(String);
/** The number of users. */
export const USERS = 10;
/** The number of rooms, and the rooms with a history. */
export const ROOMS = 4;
export const LOGS = ["log:0", "log:1"];
