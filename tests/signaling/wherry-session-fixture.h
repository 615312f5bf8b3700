/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two clients of signaling sessions over a fake relay, on a virtual clock. */

#include "signaling/wherry-fake-relay.h"
#include "signaling/wherry-signaling-session.h"

G_BEGIN_DECLS

/* A client without a socket. */
typedef struct
{
  GQueue frames; /* of char *, as they were sent */
  guint close_code;
  gsize n_binary; /* bytes */
  WherrySignalingSession *session;
} SessionClient;

typedef struct
{
  WherryClock *clock;
  WherryRelayHub *relay;
  WherryJoinLimit *joins; /* 1000 */
  SessionClient a;
  SessionClient b;
} SessionFixture;

void wherry_session_set_up (SessionFixture *f, gconstpointer data);
/* Asserts that no member is left. */
void wherry_session_tear_down (SessionFixture *f, gconstpointer data);
void wherry_session_client_init (SessionClient *client, SessionFixture *f);
void wherry_session_client_clear (SessionClient *client);

/* One frame from the client. */
void wherry_session_say (SessionClient *client, const char *text);
/* The next frame to the client is this one. */
void wherry_session_hears (SessionClient *client, const char *expected);
/* It is an error with this code, ref and tid (raw); ref, tid: NULL: it has none. */
void wherry_session_hears_error (SessionClient *client, const char *code, const char *ref,
                                 const char *tid);
void wherry_session_hears_nothing (SessionClient *client);
void wherry_session_drop_frames (SessionClient *client);
/* What the relay was asked since the last time. */
void wherry_session_relay_did (SessionFixture *f, const char *expected);
/* (transfer full): an offer or answer with a good description and tid 7; channels: raw (nullable)
 */
char *wherry_session_description (const char *type, const char *channels);

G_END_DECLS
