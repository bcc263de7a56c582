//! The front end from outside: first without sockets, then with them.

mod calls;
mod chat;
mod embedding;
mod hosts;
mod negotiation;
mod openapi;
mod pages;
mod refusals;
mod server;
mod sockets;
mod streamed_sockets;
mod streams;
mod surface;
mod unread_bodies;
