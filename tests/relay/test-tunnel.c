/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"
#include "transport/wherry-frame-stream.h"
#include "wire/wherry-tunnel-frame.h"

/* A member whose channels its signaling carries, beside one of the fixture's: the same topics, the
 * same outboxes, the same policies. One thread; the peer below the tunnel is a real one. */

#define HIGH (256u * 1024u)
#define SIZE 1000u
#define FRAME (SIZE + WHERRY_TUNNEL_FRAME_COST)
#define CHARGE (SIZE + WHERRY_MESSAGE_OVERHEAD)
#define BOBS_WINDOW (8u * 1024u)

typedef struct
{
  RelayFixture base;
  TestClient *bob;
  WherryRelayMember *member; /* NULL: it has left */
  WherryLeaveReason reason;
  WherryFrameStream *frames;
  GQueue wire; /* of GBytes, to the relay */
  WherryChannelSet *set;
  WherryChannel *mirror;
  gboolean connected;
  guint32 n_messages;
  GArray *numbers; /* of guint32 */
  GString *text;
} TunnelFixture;

/* ---- the client ---- */

static void
on_output (gpointer user_data, GBytes *frames)
{
  g_queue_push_tail (&((TunnelFixture *) user_data)->wire, frames);
}

static const WherryFrameStreamCarrier carrier = { .output = on_output };

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  ((TunnelFixture *) user_data)->connected = state == WHERRY_TRANSPORT_CONNECTED;
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  ((TunnelFixture *) user_data)->mirror = channel;
  wherry_channel_accept (channel);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  TunnelFixture *self = user_data;
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);
  guint32 number;

  if (wherry_message_get_kind (message) == WHERRY_MESSAGE_TEXT)
    g_string_append_printf (self->text, "%.*s ", (int) length, data);
  else
    {
      memcpy (&number, data, sizeof number);
      g_array_append_val (self->numbers, number);
    }
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  TunnelFixture *self = user_data;

  if (channel == self->mirror)
    self->mirror = NULL;
}

static const WherryChannelSetEvents set_events = {
  .state = on_state,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .closed = on_closed,
};

/* ---- its member ---- */

static void
on_tunnel_output (gpointer user_data, GBytes *frames)
{
  TunnelFixture *self = user_data;
  gsize length;
  const guint8 *data = g_bytes_get_data (frames, &length);

  wherry_frame_stream_input (self->frames, data, length);
}

static void
on_news (gpointer user_data, const WherrySignalNews *news)
{
}

static void
on_left (gpointer user_data, WherryLeaveReason reason)
{
  TunnelFixture *self = user_data;

  self->member = NULL;
  self->reason = reason;
}

static WherryMemberEvents tunnel_events;

static void
peer_hook (WherryRelayMember *member, WherryPeerConfig *config, gpointer user_data)
{
  RelayFixture *self = user_data;

  if (member->events == &tunnel_events)
    config->context = g_main_context_default ();
  else
    relay_fixture_peer_hook (member, config, self);
}

static void
settle (TunnelFixture *self)
{
  for (guint quiet = 0; quiet < 3; quiet++)
    {
      g_autoptr (GBytes) frames = NULL;

      relay_fixture_settle (&self->base);
      while ((frames = g_queue_pop_head (&self->wire)) != NULL)
        {
          if (self->member != NULL)
            g_assert_true (wherry_relay_member_tunnel_input (self->member, frames));
          g_clear_pointer (&frames, g_bytes_unref);
          quiet = 0;
        }
    }
}

static void
set_up (TunnelFixture *self, gconstpointer data)
{
  const WherryJoin join
      = { .room = "hall", .name = "carol", .mirror = TRUE, .address = "127.0.0.1" };
  WherryRelayConfig *config = wherry_relay_config_new ();
  g_autoptr (GError) error = NULL;
  WherrySignalError code;

  memset (self, 0, sizeof *self);
  tunnel_events = test_client_events;
  tunnel_events.news = on_news;
  tunnel_events.tunnel_output = on_tunnel_output;
  tunnel_events.left = on_left;
  config->outbox.outbox_high = HIGH;
  config->outbox.outbox_low = HIGH / 4;
  config->tunnel = data == NULL;
  relay_fixture_init (&self->base, config, FALSE);
  wherry_relay_hub_set_peer_hook (self->base.relay, peer_hook, &self->base);
  g_queue_init (&self->wire);
  self->numbers = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->text = g_string_new (NULL);

  self->bob = test_client_join (&self->base, "hall", "bob", TRUE);
  self->bob->options.window = BOBS_WINDOW;
  test_client_start (self->bob);
  test_client_wait_connected (self->bob);

  self->member
      = wherry_relay_hub_join (self->base.relay, &join, &tunnel_events, self, &code, &error);
  g_assert_no_error (error);
  if (data != NULL)
    return;
  g_assert_true (wherry_relay_member_tunnel (self->member, &code, &error));
  g_assert_no_error (error);
  self->frames = wherry_frame_stream_new (WHERRY_MAX_MESSAGE_SIZE_DEFAULT, NULL, &carrier, self);
  self->set = wherry_channel_set_new (64, &set_events, self);
  wherry_channel_set_attach (self->set, WHERRY_STREAM_TRANSPORT (self->frames), FALSE);
  settle (self);
  g_assert_true (self->connected && wherry_relay_member_is_connected (self->member));
  g_assert_cmpstr (wherry_relay_member_get_path (self->member), ==,
                   "signaling to signaling over websocket");
}

static void
tear_down (TunnelFixture *self, gconstpointer data)
{
  if (self->member != NULL)
    wherry_relay_member_leave (self->member, WHERRY_LEAVE_LEFT);
  if (self->set != NULL)
    wherry_channel_set_close (self->set);
  relay_fixture_clear (&self->base);
  if (self->set != NULL)
    {
      g_assert_finalize_object (self->set);
      wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (self->frames));
      g_assert_finalize_object (self->frames);
    }
  g_queue_clear_full (&self->wire, (GDestroyNotify) g_bytes_unref);
  g_array_unref (self->numbers);
  g_string_free (self->text, TRUE);
}

static WherryChannel *
open_channel (TunnelFixture *self, const char *label, gboolean lossy)
{
  const WherryChannelInit init = { .label = label,
                                   .protocol = "",
                                   .ordered = !lossy,
                                   .reliability = lossy ? WHERRY_MAX_RETRANSMITS : WHERRY_RELIABLE,
                                   .priority = 256,
                                   .id = WHERRY_CHANNEL_ID_NONE };
  WherryChannel *channel = wherry_channel_set_create (self->set, &init, NULL);

  settle (self);
  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_OPEN);
  return channel;
}

static WherrySendResult
say (WherryChannel *channel, const char *text)
{
  g_autoptr (WherryMessage) message
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) text, strlen (text), NULL);

  return wherry_channel_send (channel, message);
}

static WherrySendResult
send_number (WherryChannel *channel, guint32 number)
{
  guint8 data[SIZE] = { 0 };
  g_autoptr (WherryMessage) message = NULL;

  memcpy (data, &number, sizeof number);
  message = wherry_message_new (WHERRY_MESSAGE_BINARY, data, sizeof data, NULL);
  return wherry_channel_send (channel, message);
}

static void
test_talks (TunnelFixture *self, gconstpointer data)
{
  WherryChannel *chat = open_channel (self, "chat", FALSE);
  TestChannel *bobs;
  guint n_tunnels = (guint) wherry_counter_get (WHERRY_COUNTER_TUNNELS);

  g_assert_cmpuint (n_tunnels, >=, 1);
  say (chat, "hello");
  settle (self);
  bobs = test_client_find (self->bob, "chat");
  g_assert_nonnull (bobs);
  ASSERT_TEXT (bobs, "hello");
  test_channel_send (bobs, "and");
  test_channel_send (bobs, "you");
  settle (self);
  g_assert_cmpstr (self->text->str, ==, "and you ");

  /* mirrors come here too */
  test_channel_send (test_client_open (self->bob, "news"), "one");
  settle (self);
  g_assert_nonnull (self->mirror);
  g_assert_cmpstr (wherry_channel_get_label (self->mirror), ==, "news");
  g_assert_cmpstr (self->text->str, ==, "and you one ");
  g_object_ref (chat); /* its set lets it go */
  wherry_channel_close (chat);
  settle (self);
  g_assert_cmpint (wherry_channel_get_state (chat), ==, WHERRY_CHANNEL_CLOSED);
  g_object_unref (chat);
}

/* The relay does not read it, because bob does not: no more than a window leaves the client. */
static void
test_publisher_waits (TunnelFixture *self, gconstpointer data)
{
  WherryChannel *chat = open_channel (self, "chat", FALSE);
  guint32 n = 0;
  gsize buffered;

  wherry_fake_stream_set_stalled (self->bob->end, TRUE);
  while (n < 5000 && send_number (chat, n) == WHERRY_SEND_OK)
    {
      n++;
      settle (self);
    }
  buffered = wherry_stream_transport_get_buffered (WHERRY_STREAM_TRANSPORT (self->frames));
  g_test_message ("%u messages of %u bytes were taken: window %u, outbox %u, bob's window %u; "
                  "%" G_GSIZE_FORMAT " bytes not yet read",
                  n, SIZE, WHERRY_TUNNEL_WINDOW, HIGH, BOBS_WINDOW, buffered);
  g_assert_cmpuint (buffered, >, WHERRY_TUNNEL_WINDOW - 2 * FRAME);
  /* credit comes back a quarter of the window at a time */
  g_assert_cmpuint (n, >=, (WHERRY_TUNNEL_WINDOW * 3 / 4 + HIGH / 2) / FRAME);
  g_assert_cmpuint (n, <=,
                    (WHERRY_TUNNEL_WINDOW + WHERRY_TUNNEL_WINDOW / 4) / FRAME
                        + (HIGH + BOBS_WINDOW) / SIZE + 2);

  wherry_fake_stream_set_stalled (self->bob->end, FALSE);
  settle (self);
  g_assert_cmpuint (test_client_find (self->bob, "chat")->messages->len, ==, n);
  for (guint32 i = 0; i < n; i++)
    g_assert_cmpuint (test_channel_number (test_client_find (self->bob, "chat"), i), ==, i);
  g_assert_cmpint (send_number (chat, n), ==, WHERRY_SEND_OK);
}

/* It does not read: what waits for it is bounded by its window and its outbox, and the policy of
 * the channel decides. */
static void
test_lossy_reader_gets_the_newest (TunnelFixture *self, gconstpointer data)
{
  TestChannel *position = test_client_open_lossy (self->bob, "position");
  const guint32 n = 5000;
  guint32 old;

  settle (self);
  wherry_stream_transport_set_paused (WHERRY_STREAM_TRANSPORT (self->frames), TRUE);
  for (guint32 i = 0; i < n; i++)
    {
      g_assert_cmpint (test_channel_send_number (position, i, SIZE), ==, WHERRY_SEND_OK);
      settle (self);
    }
  g_assert_cmpuint (self->numbers->len, ==, 0);
  wherry_stream_transport_set_paused (WHERRY_STREAM_TRANSPORT (self->frames), FALSE);
  settle (self);
  for (old = 0; g_array_index (self->numbers, guint32, old) == old;)
    old++;
  g_test_message ("of %u messages %u came: %u from the window, then %u of the newest", n,
                  self->numbers->len, old, self->numbers->len - old);
  g_assert_cmpuint (old, <=, WHERRY_TUNNEL_WINDOW / FRAME);
  g_assert_cmpuint (self->numbers->len - old, <=, HIGH / CHARGE + 1);
  g_assert_cmpuint (self->numbers->len - old, >=, HIGH / CHARGE - 2);
  for (guint i = old; i < self->numbers->len; i++)
    g_assert_cmpuint (g_array_index (self->numbers, guint32, i), ==, n - self->numbers->len + i);
}

static void
test_reliable_reader_blocks (TunnelFixture *self, gconstpointer data)
{
  TestChannel *news = test_client_open (self->bob, "news");
  guint32 n = 0;

  settle (self);
  wherry_stream_transport_set_paused (WHERRY_STREAM_TRANSPORT (self->frames), TRUE);
  while (n < 5000 && test_channel_send_number (news, n, SIZE) == WHERRY_SEND_OK)
    {
      n++;
      settle (self);
    }
  g_test_message ("%u messages of %u bytes were taken for a reader that sleeps", n, SIZE);
  g_assert_cmpuint (n, <=, WHERRY_TUNNEL_WINDOW / FRAME + (HIGH + BOBS_WINDOW) / SIZE + 2);
  wherry_stream_transport_set_paused (WHERRY_STREAM_TRANSPORT (self->frames), FALSE);
  settle (self);
  g_assert_cmpuint (self->numbers->len, ==, n);
  for (guint32 i = 0; i < n; i++)
    g_assert_cmpuint (g_array_index (self->numbers, guint32, i), ==, i);
}

static void
test_socket_gone (TunnelFixture *self, gconstpointer data)
{
  WherryRelayMember *member = g_steal_pointer (&self->member);
  g_autofree char *expected = g_strdup_printf ("-%s:failed ", wherry_relay_member_get_id (member));

  g_string_truncate (self->bob->heard, 0);
  wherry_relay_member_detach (member);
  settle (self);
  g_assert_cmpstr (self->bob->heard->str, ==, expected);
}

static void
test_broken_frame (TunnelFixture *self, gconstpointer data)
{
  static const guint8 broken[] = { 1, 0, 0, 1, 99, 0, 0, 1, 0 };
  g_autoptr (GBytes) bytes = g_bytes_new_static (broken, sizeof broken);
  guint64 bad = wherry_counter_get (WHERRY_COUNTER_TUNNEL_BAD_FRAMES);

  g_assert_true (wherry_relay_member_tunnel_input (self->member, bytes));
  settle (self);
  g_assert_null (self->member);
  g_assert_cmpint (self->reason, ==, WHERRY_LEAVE_FAILED);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_TUNNEL_BAD_FRAMES), ==, bad + 1);
}

static void
test_forbidden (TunnelFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  WherrySignalError code;

  g_assert_false (wherry_relay_member_tunnel (self->member, &code, &error));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_FORBIDDEN);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (TunnelFixture *self, gconstpointer data);
  } tests[] = {
    { "/tunnel/talks", test_talks },
    { "/tunnel/publisher-waits", test_publisher_waits },
    { "/tunnel/lossy-reader-gets-the-newest", test_lossy_reader_gets_the_newest },
    { "/tunnel/reliable-reader-blocks", test_reliable_reader_blocks },
    { "/tunnel/socket-gone", test_socket_gone },
    { "/tunnel/broken-frame", test_broken_frame },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, TunnelFixture, NULL, set_up, tests[i].test, tear_down);
  g_test_add ("/tunnel/forbidden", TunnelFixture, "forbidden", set_up, test_forbidden, tear_down);
  return g_test_run ();
}
