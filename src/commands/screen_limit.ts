/** How much is grouped on a terminal. */

/** With more sockets than this, each has a row: nobody reads so many, and services take an object for each socket. */
export const MOST_ON_SCREEN = 20_000;
