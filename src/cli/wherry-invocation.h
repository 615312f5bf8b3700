/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "cli/wherry-exit.h"

/*
 * One run of one subcommand: its table row, what its command line says, and what ends it. Made by
 * main(), and everything of it belongs to the main thread.
 */
typedef struct _WherryInvocation WherryInvocation;

typedef enum
{
  WHERRY_OPTIONS_NONE = 0,
  WHERRY_OPTIONS_ROOM = 1 << 0, /* --server --token --token-file --name --ice-server ... */
  WHERRY_OPTIONS_ICE = 1 << 1,  /* --ice-server --bind-address --relay-only alone */
  WHERRY_OPTIONS_JSON = 1 << 2, /* --json */
} WherryOptions;

/* A row of the table of subcommands. */
typedef struct
{
  const char *name;
  const char *arguments; /* as usage shows them: marked for translation */
  const char *summary;   /* one line, too */
  const char *example;   /* one command line that works, as it is typed */
  WherryOptions options;
  int (*run) (WherryInvocation *invocation);
} WherryCommand;

struct _WherryInvocation
{
  const WherryCommand *command;
  char **argv; /* what stands behind the subcommand's name, till it is parsed */

  /* from wherry_invocation_parse() on */
  char **arguments;      /* what is no option, NULL-terminated */
  char *server;          /* a URL */
  char *token;           /* (nullable) */
  char *name;            /* (nullable) */
  char **ice_servers;    /* (nullable) */
  char **bind_addresses; /* (nullable) */
  gboolean relay_only;
  gboolean json;
  gboolean quiet;
  gboolean verbose;

  GMainLoop *loop;
  GCancellable *cancellable; /* cancelled by SIGINT or SIGTERM; a second one ends the process */
  WherryExit result;         /* what wherry_invocation_run() returns */
};

/* Takes nothing over but copies @argv. Thread: main */
WherryInvocation *wherry_invocation_new (const WherryCommand *command, char **argv);
void wherry_invocation_free (WherryInvocation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryInvocation, wherry_invocation_free)

/*
 * Parses the command line: @entries (nullable) besides the common options of the table row, and
 * from @min to @max arguments (-1: any number). With --help it prints and exits. FALSE sets @error,
 * for wherry_invocation_fail(). Signals end the run from then on. Thread: main
 */
gboolean wherry_invocation_parse (WherryInvocation *self, const GOptionEntry *entries, int min,
                                  int max, GError **error);
/*
 * A source of the main loop that calls @cancelled once, on the first Ctrl-C. The higher @priority
 * is told first: who has something to say to the other side before the room session (of default
 * priority) leaves. Thread: main
 */
guint wherry_invocation_watch (WherryInvocation *self, int priority,
                               GCancellableSourceFunc cancelled, gpointer user_data);
/*
 * Runs the main loop until wherry_invocation_end(), and returns its code. One that was ended before
 * returns at once. Thread: main
 */
int wherry_invocation_run (WherryInvocation *self);
/* Ends the run; the first call decides the code. Thread: main */
void wherry_invocation_end (WherryInvocation *self, WherryExit result);
/*
 * Prints "wherry COMMAND: MESSAGE" on standard error, or nothing for a cancellation, and ends the
 * run with the code of the error, which it returns. NULL is allowed. Thread: main
 */
int wherry_invocation_fail (WherryInvocation *self, const GError *error);
/*
 * The library's configuration for the ICE options: "stun:HOST", "turn:USER:PASSWORD@HOST:PORT" and
 * what RFC 7064 and RFC 7065 allow. NULL: sets @error. Thread: main
 */
struct _WherryConfiguration;
struct _WherryConfiguration *wherry_invocation_make_configuration (WherryInvocation *self,
                                                                   GError **error);
