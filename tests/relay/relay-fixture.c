/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-class.h"
#include "base/wherry-lock.h"
#include "relay-fixture.h"

/* ---- the client's end of its channels ---- */

static void
test_channel_free (gpointer data)
{
  TestChannel *self = data;

  wherry_channel_set_user_data (self->channel, NULL);
  g_object_unref (self->channel);
  g_ptr_array_unref (self->messages);
  g_free (self);
}

static TestChannel *
test_channel_new (TestClient *client, WherryChannel *channel, gboolean theirs)
{
  TestChannel *self = g_new0 (TestChannel, 1);

  self->client = client;
  self->channel = g_object_ref (channel);
  self->theirs = theirs;
  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_message_unref);
  wherry_channel_set_user_data (channel, self);
  g_ptr_array_add (client->channels, self);
  return self;
}

static void
on_set_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  TestClient *self = user_data;

  if (state == WHERRY_TRANSPORT_CONNECTED)
    self->connected = TRUE;
  if (state == WHERRY_TRANSPORT_CLOSED || state == WHERRY_TRANSPORT_FAILED)
    self->ended = TRUE;
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  TestClient *self = user_data;

  test_channel_new (self, channel, TRUE);
  if (!self->no_accept)
    wherry_channel_accept (channel);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
  TestChannel *self = wherry_channel_get_user_data (channel);

  if (self != NULL)
    self->open = TRUE;
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  TestChannel *self = wherry_channel_get_user_data (channel);

  g_assert_nonnull (self);
  g_ptr_array_add (self->messages, wherry_message_ref (message));
  if (self->client->one_at_a_time)
    wherry_fake_stream_set_stalled (self->client->end, TRUE);
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  TestChannel *self = wherry_channel_get_user_data (channel);

  if (self != NULL)
    self->closed = TRUE;
}

static const WherryChannelSetEvents set_events = {
  .state = on_set_state,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .closed = on_closed,
};

/* ---- the pair, made on the peer's thread ---- */

typedef struct
{
  TestClient *client;
  WherryFakeStream *end;
} Handover;

static gboolean
take_end (gpointer data)
{
  Handover *handover = data;
  TestClient *self = handover->client;

  WHERRY_TSAN_ACQUIRE (handover);
  self->end = handover->end;
  self->set = wherry_channel_set_new (64, &set_events, self);
  wherry_channel_set_attach (self->set, WHERRY_STREAM_TRANSPORT (self->end), TRUE);
  g_free (handover);
  return G_SOURCE_REMOVE;
}

static WherryStreamTransport *
make_transport (gpointer data)
{
  Handover *handover = g_new0 (Handover, 1);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GSource) source = g_idle_source_new ();
  WherryFakeStream *a = NULL;

  handover->client = data;
  wherry_fake_stream_new_pair (&handover->client->options, context, NULL, &a, &handover->end);
  handover->client->relay_end = a;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, take_end, handover, NULL);
  WHERRY_TSAN_RELEASE (handover);
  g_source_attach (source, NULL);
  return WHERRY_STREAM_TRANSPORT (a);
}

void
relay_fixture_peer_hook (WherryRelayMember *member, WherryPeerConfig *config, gpointer user_data)
{
  RelayFixture *self = user_data;

  config->transport = make_transport;
  config->transport_data = member->user_data;
  if (!self->threaded)
    config->context = g_main_context_default ();
}

TestClient *
test_client_try_join_as (RelayFixture *fixture, const WherryJoin *join, WherrySignalError *code)
{
  TestClient *self = g_new0 (TestClient, 1);
  g_autoptr (GError) error = NULL;

  self->fixture = fixture;
  self->name = g_strdup (join->name);
  self->heard = g_string_new (NULL);
  self->channels = g_ptr_array_new_with_free_func (test_channel_free);
  g_ptr_array_add (fixture->clients, self);
  self->member
      = wherry_relay_hub_join (fixture->relay, join, &test_client_events, self, code, &error);
  if (self->member == NULL)
    {
      g_assert_nonnull (error);
      g_assert_cmpstr (self->heard->str, ==, "");
      g_ptr_array_remove (fixture->clients, self);
      return NULL;
    }
  g_strlcpy (self->id, wherry_relay_member_get_id (self->member), sizeof self->id);
  return self;
}

TestClient *
test_client_try_join (RelayFixture *fixture, const char *room, const char *name, gboolean mirror,
                      WherrySignalError *code)
{
  const WherryJoin join = { .room = room,
                            .name = name,
                            .mirror = mirror,
                            .address = fixture->address != NULL ? fixture->address : "127.0.0.1",
                            .grant = fixture->grant };

  return test_client_try_join_as (fixture, &join, code);
}

TestClient *
test_client_join (RelayFixture *fixture, const char *room, const char *name, gboolean mirror)
{
  WherrySignalError code;
  TestClient *self = test_client_try_join (fixture, room, name, mirror, &code);

  g_assert_nonnull (self);
  return self;
}

void
test_client_start (TestClient *self)
{
  g_autoptr (GError) error = NULL;
  WherrySignalError code;
  gboolean ok = wherry_relay_member_call (self->member, NULL, 0, &code, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

void
test_client_wait_connected (TestClient *self)
{
  WHERRY_WAIT_UNTIL (NULL, self->connected && self->member != NULL && self->member->connected);
}

TestClient *
test_client_connect (RelayFixture *fixture, const char *room, const char *name)
{
  TestClient *self = test_client_join (fixture, room, name, TRUE);

  test_client_start (self);
  test_client_wait_connected (self);
  return self;
}

static void
test_client_free (gpointer data)
{
  TestClient *self = data;

  if (self->set != NULL)
    wherry_channel_set_close (self->set);
  g_ptr_array_unref (self->channels);
  g_clear_object (&self->set);
  g_clear_object (&self->end);
  g_string_free (self->heard, TRUE);
  g_free (self->name);
  g_free (self);
}

TestChannel *
test_client_open_init (TestClient *self, const WherryChannelInit *init)
{
  g_autoptr (GError) error = NULL;
  WherryChannel *channel = wherry_channel_set_create (self->set, init, &error);

  g_assert_no_error (error);
  return test_channel_new (self, channel, FALSE);
}

TestChannel *
test_client_open (TestClient *self, const char *label)
{
  const WherryChannelInit init
      = { .label = label, .protocol = "", .ordered = TRUE, .priority = 256 };

  return test_client_open_init (self, &init);
}

TestChannel *
test_client_open_lossy (TestClient *self, const char *label)
{
  const WherryChannelInit init
      = { .label = label, .protocol = "", .reliability = WHERRY_MAX_RETRANSMITS };

  return test_client_open_init (self, &init);
}

TestChannel *
test_client_find (TestClient *self, const char *label)
{
  for (guint i = self->channels->len; i > 0; i--)
    {
      TestChannel *channel = g_ptr_array_index (self->channels, i - 1);

      if (channel->theirs && strcmp (wherry_channel_get_label (channel->channel), label) == 0)
        return channel;
    }
  return NULL;
}

guint
test_client_count (TestClient *self, const char *label)
{
  guint n = 0;

  for (guint i = 0; i < self->channels->len; i++)
    {
      TestChannel *channel = g_ptr_array_index (self->channels, i);

      n += !channel->closed && strcmp (wherry_channel_get_label (channel->channel), label) == 0;
    }
  return n;
}

WherrySendResult
test_channel_send (TestChannel *self, const char *text)
{
  g_autoptr (WherryMessage) message
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) text, strlen (text),
                            wherry_relay_hub_get_budget (self->client->fixture->relay));

  return wherry_channel_send (self->channel, message);
}

WherrySendResult
test_channel_send_number (TestChannel *self, guint32 number, gsize size)
{
  g_autofree guint8 *data = g_malloc0 (MAX (size, sizeof number));
  g_autoptr (WherryMessage) message = NULL;

  memcpy (data, &number, sizeof number);
  /* what SCTP would do when it has received it */
  message = wherry_message_new (WHERRY_MESSAGE_BINARY, data, MAX (size, sizeof number),
                                wherry_relay_hub_get_budget (self->client->fixture->relay));
  return wherry_channel_send (self->channel, message);
}

char *
test_channel_text (TestChannel *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->messages->len; i++)
    {
      gsize length;
      const guint8 *data = wherry_message_get_data (g_ptr_array_index (self->messages, i), &length);

      g_string_append_printf (text, "%s%.*s", i > 0 ? " " : "", (int) length, (const char *) data);
    }
  return g_string_free (text, FALSE);
}

guint32
test_channel_number (TestChannel *self, guint index)
{
  guint32 number;

  memcpy (&number, wherry_message_get_data (g_ptr_array_index (self->messages, index), NULL),
          sizeof number);
  return number;
}

/* ---- the whole ---- */

void
relay_fixture_init (RelayFixture *self, WherryRelayConfig *config, gboolean threaded)
{
  memset (self, 0, sizeof *self);
  self->threaded = threaded;
  wherry_class_prepare (WHERRY_TYPE_FAKE_STREAM);
  self->clock = threaded ? NULL : wherry_virtual_clock_new ();
  self->clients = g_ptr_array_new_with_free_func (test_client_free);
  self->relay = wherry_relay_hub_new (config != NULL ? config : wherry_relay_config_new (), NULL,
                                      self->clock);
  wherry_relay_hub_set_peer_hook (self->relay, relay_fixture_peer_hook, self);
}

static void
on_done (gpointer data)
{
  *(gboolean *) data = TRUE;
}

void
relay_fixture_clear (RelayFixture *self)
{
  g_autoptr (WherryBudget) budget = wherry_budget_ref (wherry_relay_hub_get_budget (self->relay));
  WherryRelayStats stats;

  wherry_relay_hub_shutdown (self->relay, on_done, &self->done);
  WHERRY_WAIT_UNTIL (NULL, self->done);
  wherry_relay_hub_get_stats (self->relay, &stats);
  g_assert_cmpuint (stats.members, ==, 0);
  g_assert_cmpuint (stats.peers, ==, 0);
  g_assert_cmpuint (stats.rooms, ==, 0);
  g_assert_cmpuint (stats.topics, ==, 0);
  g_assert_cmpuint (stats.outbox_bytes, ==, 0);
  wherry_relay_hub_free (self->relay);
  for (guint i = 0; i < self->clients->len; i++)
    g_assert_true (((TestClient *) g_ptr_array_index (self->clients, i))->member == NULL);
  g_ptr_array_unref (self->clients);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
  if (self->clock != NULL)
    {
      g_assert_cmpuint (wherry_virtual_clock_get_n_sources (self->clock), ==, 0);
      wherry_clock_unref (self->clock);
    }
}

void
relay_fixture_settle (RelayFixture *self)
{
  g_assert_false (self->threaded);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
relay_fixture_advance (RelayFixture *self, gint64 us)
{
  for (gint64 step; us > 0; us -= step)
    {
      step = MIN (us, G_USEC_PER_SEC / 100);
      wherry_virtual_clock_advance (self->clock, step);
      relay_fixture_settle (self);
    }
}
