//! Events that are handled exactly once, and events that are kept until they are acknowledged.
//!
//! | file | subject |
//! |---|---|
//! | `once` | handlers with `once`: retries, keys and their owners |
//! | `once_stores` | stores that are down, limits, and two nodes with one store |
//! | `once_store_contract` | the contract suite of stores |
//! | `once_recovery` | keys of clients that recover their sessions |
//! | `once_startup` | what `build()` refuses |
//! | `deliver`, `deliver_limits` | events that are kept until they are acknowledged |
//! | `deliver_cluster` | the same for users with clients on several nodes |
//! | `once_in` | effects whose response is stored in their own transaction |

mod deliver;
mod deliver_cluster;
mod deliver_limits;
mod once;
mod once_in;
mod once_recovery;
mod once_startup;
mod once_store_contract;
mod once_stores;
