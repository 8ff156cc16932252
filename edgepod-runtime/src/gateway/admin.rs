//! The admin address, as far as every host has it alike. What is asked there is answered by the hosts.

/// The fewest characters of a key: nobody guesses so many.
pub const ADMIN_KEY_LENGTH: usize = 32;

/// The most names of pods in one reply.
pub const ADMIN_PAGE: usize = 1000;
