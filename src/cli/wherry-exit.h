/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What the `wherry` program ends with, in every subcommand. data/man tells it to users. */
typedef enum
{
  WHERRY_EXIT_OK = 0,
  WHERRY_EXIT_FAILED = 1,        /* what no other code describes */
  WHERRY_EXIT_USAGE = 2,         /* a bad option or argument; nothing was done */
  WHERRY_EXIT_NOT_REACHED = 3,   /* no server, no connection, nobody in time */
  WHERRY_EXIT_REFUSED = 4,       /* reached, and told no: a token, a ban, a limit */
  WHERRY_EXIT_LEFT = 5,          /* the other side ended in the middle */
  WHERRY_EXIT_UNVERIFIED = 6,    /* a hash, a code, a key or a signature is wrong */
  WHERRY_EXIT_IN_THE_WAY = 7,    /* a file exists, would be outside, or has no room */
  WHERRY_EXIT_INTERRUPTED = 130, /* Ctrl-C or SIGTERM, and all was closed in order */
} WherryExit;

/*
 * The code for an error of the library, of GIO, or of GLib's option parser; WHERRY_EXIT_FAILED for
 * NULL. Thread: any
 */
WherryExit wherry_exit_of_error (const GError *error);
