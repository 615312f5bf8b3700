/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is behind a WherryClient. The object is a shell that may lose its last reference on any
 * thread; this belongs to the creator's, and ends on it. */

#include "base/wherry-clock.h"
#include "lib/wherry-client-link-private.h"
#include "lib/wherry-client-session-private.h"
#include "lib/wherry-client.h"
#include "signaling/wherry-backoff.h"

G_BEGIN_DECLS

typedef struct _WherryClientCore WherryClientCore;

struct _WherryClient
{
  GObject parent_instance;

  /* creator's thread only */
  WherryClientCore *core;
};

struct _WherryClientCore
{
  /* immutable after construction: any thread reads */
  GMainContext *context;
  WherryClock *clock;
  /* any thread: internally locked or atomic */
  GWeakRef shell; /* of WherryClient */

  /* creator's thread only */
  char *uri;
  char *room;
  char *name;
  char *token;            /* a secret: never logged */
  char *attributes;       /* raw; NULL: none */
  WherrySignalWill *will; /* NULL: none */
  gboolean mirror;
  gboolean reconnect;
  gboolean resume;
  WherryConfiguration *configuration;

  WherryClientState state;
  WherryClientTransport transport;
  GError *error; /* why it failed, or is lost */
  char *id;
  GListStore *members;
  GHashTable *by_id;      /* id to WherryMember, borrowed from the list */
  WherryClientLink *link; /* NULL: none is tried */
  WherryClientSession *session;
  WherryBackoff backoff;
  gint64 connected_us;
  GSource *retry;
  GTask *join;       /* NULL: nobody waits */
  GSource *watch;    /* of its cancellable */
  GPtrArray *leaves; /* of GTask */
};

WherryClientCore *wherry_client_core_new (WherryClient *shell);
/* Tests: in place of the system's, before it joins. Thread: creator */
void wherry_client_set_clock (WherryClient *client, WherryClock *clock);
/* The shell is gone. Thread: any */
void wherry_client_core_post_free (WherryClientCore *self);

/* ---- Thread: creator ---- */

/* task: (transfer full) */
void wherry_client_core_join (WherryClientCore *self, GTask *task);
void wherry_client_core_leave (WherryClientCore *self, GTask *task);
/* What it says, or was told that it says, about itself. (nullable) */
void wherry_client_core_keep_attributes (WherryClientCore *self, const char *attributes);
/* (nullable) */
WherryPeerConnection *wherry_client_core_get_connection (WherryClientCore *self);

/* ---- wherry-client-resume.c ---- */

void wherry_client_core_begin_session (WherryClientCore *self);
/* Whether its channels are addressed, where the server can do that. */
gboolean wherry_client_core_is_addressed (const WherryClientCore *self);
/* (transfer full): the frame that asks to be let in, or back in */
char *wherry_client_core_write_join (const WherryClientCore *self);
/* FALSE: it is about something else. */
gboolean wherry_client_core_take_resume_signal (WherryClientCore *self, const WherrySignal *signal);

/* ---- what the shell shows: wherry-client.c ---- */

typedef enum
{
  WHERRY_CLIENT_SHOWS_STATE,
  WHERRY_CLIENT_SHOWS_ID,
  WHERRY_CLIENT_SHOWS_CONNECTION,
  WHERRY_CLIENT_SHOWS_ATTRIBUTES,
  WHERRY_CLIENT_SHOWS_TRANSPORT,
} WherryClientShows;

void wherry_client_show (WherryClient *self, WherryClientShows what);
void wherry_client_emit_prepare (WherryClient *self, WherryPeerConnection *connection);
void wherry_client_emit_data_channel (WherryClient *self, WherryDataChannel *channel);
void wherry_client_emit_member_changed (WherryClient *self, WherryMember *member);
/* notice, msg and signaled: both strings as the signal has them */
void wherry_client_emit_text (WherryClient *self, const char *name, const char *first,
                              const char *second);

G_END_DECLS
