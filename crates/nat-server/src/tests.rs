//! The front end from outside: first without sockets, then with them.

mod calls;
mod chat;
mod draining;
mod embedding;
mod frames;
mod hosts;
mod leaving;
mod negotiation;
mod openapi;
mod opening;
mod pages;
mod refusals;
mod server;
mod shared_links;
mod sockets;
mod streamed_sockets;
mod streams;
mod surface;
mod transfer_codings;
mod unread_answers;
mod unread_bodies;
