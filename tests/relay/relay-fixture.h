/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A relay with clients whose peers are real but for their transport: a stream pair inside the
 * process. By default everything runs on the default context and on a virtual clock, one thread,
 * one order of things; or each peer has its own thread and the clock is the system's. */

#include "channel/wherry-channel-set.h"
#include "fixtures/wherry-fake-stream.h"
#include "fixtures/wherry-virtual-clock.h"
#include "fixtures/wherry-wait.h"
#include "relay/wherry-relay-hub-private.h"

typedef struct
{
  WherryClock *clock; /* NULL: the system's */
  gboolean threaded;
  WherryRelayHub *relay;
  GPtrArray *clients;  /* of TestClient */
  WherryGrant *grant;  /* of who joins next (NULL: everything) */
  const char *address; /* the same (NULL: 127.0.0.1) */
  gboolean done;
} RelayFixture;

typedef struct _TestClient
{
  RelayFixture *fixture;
  WherryRelayMember *member; /* NULL: it has left */
  char *name;
  char id[17];
  gboolean left;
  WherryLeaveReason reason;
  guint n_refused;
  /* "+name{attributes} ", "~name{attributes}tag ", "-name:reason ", "signal from:data ", "msg
   * from:data " */
  GString *heard;
  void (*on_heard) (struct _TestClient *self); /* of a member; NULL */
  gpointer heard_data;

  WherryFakeStreamOptions options;
  WherryFakeStream *end;       /* NULL before it is connected */
  WherryFakeStream *relay_end; /* borrowed: the peer's, on its thread */
  WherryChannelSet *set;
  gboolean connected;
  gboolean ended;
  gboolean one_at_a_time; /* stalls itself behind each message */
  gboolean no_accept;     /* leave what is opened towards it unacknowledged */
  GPtrArray *channels;    /* of TestChannel, all there ever were */
} TestClient;

typedef struct
{
  TestClient *client;
  WherryChannel *channel;
  gboolean theirs; /* opened by the relay */
  gboolean open;
  gboolean closed;
  GPtrArray *messages; /* of WherryMessage */
} TestChannel;

/* Of a TestClient. */
extern const WherryMemberEvents test_client_events;

/* config: (transfer full) (nullable): the default */
void relay_fixture_init (RelayFixture *self, WherryRelayConfig *config, gboolean threaded);
/* Shuts the relay down, waits for it and asserts that nothing is left. */
void relay_fixture_clear (RelayFixture *self);
/* user_data: a RelayFixture; member's: a TestClient */
void relay_fixture_peer_hook (WherryRelayMember *member, WherryPeerConfig *config,
                              gpointer user_data);
/* Dispatch what there is to dispatch, on one thread: afterwards nothing moves without the clock. */
void relay_fixture_settle (RelayFixture *self);
void relay_fixture_advance (RelayFixture *self, gint64 us);

/* Joins; its peer is not yet made. */
TestClient *test_client_join (RelayFixture *fixture, const char *room, const char *name,
                              gboolean mirror);
/* NULL: refused with *code. */
TestClient *test_client_try_join (RelayFixture *fixture, const char *room, const char *name,
                                  gboolean mirror, WherrySignalError *code);
TestClient *test_client_try_join_as (RelayFixture *fixture, const WherryJoin *join,
                                     WherrySignalError *code);
/* Makes the peer; does not wait. */
void test_client_start (TestClient *self);
/* Its association is up, and the hub knows. */
void test_client_wait_connected (TestClient *self);
/* Both, and waits until it is connected. */
TestClient *test_client_connect (RelayFixture *fixture, const char *room, const char *name);

TestChannel *test_client_open (TestClient *self, const char *label);
/* maxRetransmits 0, unordered */
TestChannel *test_client_open_lossy (TestClient *self, const char *label);
TestChannel *test_client_open_init (TestClient *self, const WherryChannelInit *init);
/* The newest channel with this label that the relay opened; NULL: none. closed ones too. */
TestChannel *test_client_find (TestClient *self, const char *label);
guint test_client_count (TestClient *self, const char *label); /* that are not closed */

/* ---- relay-fixture-addressed.c: on one thread, settled afterwards ---- */

/* Its id as a number: a frame's member. */
guint64 test_client_get_key (TestClient *self);
/* Ordered and reliable. */
TestChannel *test_client_open_as (TestClient *self, const char *label, const char *protocol);
TestChannel *test_client_open_addressed (TestClient *self, const char *label);
/* A frame with text. recipient: a key; 0: everybody. own: the sender's number for it; 0: none */
void test_channel_send_to (TestChannel *self, guint64 recipient, guint64 own, const char *text);
/* It has joined, and nothing holds it up: its peer is made, and it is connected. */
void test_client_connect_ready (TestClient *self);
/* Its connection breaks, at the relay's end. */
void test_client_cut (TestClient *self);

/* ---- relay-fixture.c ---- */

WherrySendResult test_channel_send (TestChannel *self, const char *text);
/* size bytes that begin with number */
WherrySendResult test_channel_send_number (TestChannel *self, guint32 number, gsize size);
/* Everything that came, separated by spaces. */
char *test_channel_text (TestChannel *self);
guint32 test_channel_number (TestChannel *self, guint index);

#define ASSERT_TEXT(channel, expected)                                                             \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *text_ = test_channel_text (channel);                                          \
    g_assert_cmpstr (text_, ==, expected);                                                         \
  }                                                                                                \
  G_STMT_END
