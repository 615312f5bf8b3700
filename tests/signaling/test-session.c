/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-virtual-clock.h"
#include "signaling/wherry-session-fixture.h"

static void
test_join_and_leave (SessionFixture *f, gconstpointer data)
{
  wherry_session_say (&f->a,
                      "{\"type\":\"join\",\"room\":\"lobby\",\"name\":\"Ann\",\"tid\":\"j\"}");
  wherry_session_relay_did (f, "0000000000000001: join lobby name=Ann mirror=1\n");
  wherry_session_hears (&f->a,
                        "{\"type\":\"joined\",\"peer\":\"0000000000000001\",\"room\":\"lobby\","
                        "\"members\":[],\"more\":false,\"iceServers\":[],\"maxMessageSize\":262144,"
                        "\"features\":[\"mirror\",\"notices\",\"signal\",\"msg\",\"presence\","
                        "\"addressed\",\"history\",\"resume\"],\"tid\":\"j\"}");

  wherry_session_say (&f->b,
                      "{\"type\":\"join\",\"room\":\"lobby\",\"mirror\":false,\"history\":5}");
  wherry_session_relay_did (f, "0000000000000002: join lobby name=(null) mirror=0\n");
  wherry_session_hears (&f->a, "{\"type\":\"member-joined\",\"peer\":\"0000000000000002\"}");
  wherry_session_hears (
      &f->b, "{\"type\":\"joined\",\"peer\":\"0000000000000002\",\"room\":\"lobby\","
             "\"members\":[{\"peer\":\"0000000000000001\",\"name\":\"Ann\"}],\"more\":false,"
             "\"iceServers\":[],\"maxMessageSize\":262144,"
             "\"features\":[\"mirror\",\"notices\",\"signal\",\"msg\",\"presence\",\"addressed\","
             "\"history\",\"resume\"]}");

  wherry_session_say (&f->a, "{\"type\":\"leave\",\"tid\":3}");
  wherry_session_hears (&f->a, "{\"type\":\"left\",\"reason\":\"left\",\"tid\":3}");
  g_assert_cmpuint (f->a.close_code, ==, 1000);
  wherry_session_hears (
      &f->b, "{\"type\":\"member-left\",\"peer\":\"0000000000000001\",\"reason\":\"left\"}");
  g_assert_cmpuint (wherry_fake_relay_get_n_members (f->relay), ==, 1);

  /* nothing is heard or done after the end */
  wherry_session_say (&f->a, "{\"type\":\"ping\"}");
  wherry_session_hears_nothing (&f->a);
}

static void
test_states (SessionFixture *f, gconstpointer data)
{
  static const char *const needs_join[] = {
    "{\"type\":\"leave\",\"tid\":1}",
    "{\"type\":\"candidate\",\"candidate\":\"\",\"tid\":1}",
    "{\"type\":\"msg\",\"tid\":1}",
    "{\"type\":\"signal\",\"to\":\"0000000000000001\",\"data\":1,\"tid\":1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (needs_join); i++)
    {
      wherry_session_say (&f->a, needs_join[i]);
      g_assert_nonnull (strstr (g_queue_peek_head (&f->a.frames), "not-joined"));
      wherry_session_drop_frames (&f->a);
    }
  wherry_session_say (&f->a, "{\"type\":\"ping\",\"data\":{\"x\":[1]},\"tid\":\"p\"}");
  wherry_session_hears (&f->a, "{\"type\":\"pong\",\"data\":{\"x\":[1]},\"tid\":\"p\"}");

  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\",\"token\":\"\",\"tid\":2}");
  wherry_session_hears_error (&f->a, "unauthorized", "join", "2");
  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\",\"token\":\"abc\"}");
  wherry_session_hears_error (&f->a, "unauthorized", "join", NULL);
  wherry_session_relay_did (f, "");

  wherry_fake_relay_fail_next (f->relay, WHERRY_SIGNAL_ERROR_ROOM_FULL);
  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\",\"tid\":2}");
  wherry_session_hears_error (&f->a, "room-full", "join", "2");

  /* a refused join may be tried again; a second one after a good one not */
  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\",\"tid\":2}");
  wherry_session_drop_frames (&f->a);
  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"other\",\"tid\":2}");
  wherry_session_hears_error (&f->a, "already-joined", "join", "2");
  wherry_session_say (&f->a,
                      "{\"type\":\"signal\",\"to\":\"00000000000000ff\",\"data\":1,\"tid\":4}");
  wherry_session_hears_error (&f->a, "no-such-member", "signal", "4");
  g_assert_cmpuint (f->a.close_code, ==, 0);
}

static void
test_signal_and_msg (SessionFixture *f, gconstpointer data)
{
  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_session_say (&f->b, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_session_drop_frames (&f->a);
  wherry_session_drop_frames (&f->b);

  wherry_session_say (&f->a,
                      "{\"type\":\"signal\",\"to\":\"0000000000000002\",\"data\":{\"n\":1e400, "
                      "\"s\":\"\\u00e9\"}}");
  wherry_session_hears (&f->b,
                        "{\"type\":\"signal\",\"from\":\"0000000000000001\",\"data\":{\"n\":1e400, "
                        "\"s\":\"\\u00e9\"}}");
  wherry_session_hears_nothing (&f->a);

  /* the bytes as they came, to everybody */
  wherry_session_say (&f->b, "{\"type\":\"msg\", \"text\":\"a\\/b\",\"n\":1.0}");
  wherry_session_hears (
      &f->a, "{\"type\":\"msg\", \"text\":\"a\\/b\",\"n\":1.0,\"from\":\"0000000000000002\"}");
  wherry_session_hears (
      &f->b, "{\"type\":\"msg\", \"text\":\"a\\/b\",\"n\":1.0,\"from\":\"0000000000000002\"}");
}

/* Binary frames are bad until the tunnel was asked for, and then the member's. */
static void
test_tunnel (SessionFixture *f, gconstpointer data)
{
  guint8 bytes[100] = { 0 };
  g_autoptr (GBytes) few = g_bytes_new (bytes, 99);
  g_autoptr (GBytes) many = g_bytes_new (bytes, 100);

  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"hall\"}");
  wherry_session_drop_frames (&f->a);
  wherry_signaling_session_receive_binary (f->a.session, few);
  wherry_session_hears_error (&f->a, "bad-message", NULL, NULL);
  g_free (wherry_fake_relay_take_log (f->relay));

  wherry_session_say (&f->a, "{\"type\":\"tunnel\",\"tid\":3}");
  wherry_session_hears (&f->a, "{\"type\":\"tunnel\",\"tid\":3}");
  wherry_signaling_session_receive_binary (f->a.session, few);
  wherry_session_say (&f->a, "{\"type\":\"tunnel\",\"tid\":4}");
  wherry_session_hears_error (&f->a, "forbidden", "tunnel", "4");
  wherry_session_hears_nothing (&f->a);
  g_assert_cmpuint (f->a.close_code, ==, 0);
  /* the relay says that it is too much */
  wherry_signaling_session_receive_binary (f->a.session, many);
  g_assert_cmpuint (f->a.close_code, ==, 1008);
}

static void
test_presence (SessionFixture *f, gconstpointer data)
{
  g_autofree char *large = g_strnfill (4000, 'x');
  g_autofree char *change
      = g_strdup_printf ("{\"type\":\"attributes\",\"attributes\":{\"x\":\"%s\"}}", large);
  guint64 limited = wherry_counter_get (WHERRY_COUNTER_RATE_LIMITED);
  guint n;

  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\",\"attributes\":{\"a\": 1},"
                             "\"will\":{\"topic\":\"t\",\"data\":\"AP8=\"}}");
  wherry_session_relay_did (f, "0000000000000001: join r name=(null) mirror=1\n"
                               "0000000000000001: attributes {\"a\": 1}\n"
                               "0000000000000001: will t kind=1 length=2\n");
  wherry_session_say (&f->b, "{\"type\":\"join\",\"room\":\"r\",\"attributes\":{ }}");
  wherry_session_hears (&f->b,
                        "{\"type\":\"joined\",\"peer\":\"0000000000000002\",\"room\":\"r\","
                        "\"members\":[{\"peer\":\"0000000000000001\",\"attributes\":{\"a\": 1}}],"
                        "\"more\":false,\"iceServers\":[],\"maxMessageSize\":262144,"
                        "\"features\":[\"mirror\",\"notices\",\"signal\",\"msg\",\"presence\","
                        "\"addressed\",\"history\",\"resume\"]}");
  wherry_session_drop_frames (&f->a);

  /* the bytes as they came, to everybody; the tid to who asked */
  wherry_session_say (&f->b, "{\"type\":\"attributes\",\"attributes\":{\"n\":1.0 },\"tid\":9}");
  wherry_session_hears (&f->a, "{\"type\":\"member-changed\",\"peer\":\"0000000000000002\","
                               "\"attributes\":{\"n\":1.0 }}");
  wherry_session_hears (&f->b, "{\"type\":\"member-changed\",\"peer\":\"0000000000000002\","
                               "\"attributes\":{\"n\":1.0 },\"tid\":9}");
  wherry_fake_relay_fail_next (f->relay, WHERRY_SIGNAL_ERROR_FORBIDDEN);
  wherry_session_say (&f->b, "{\"type\":\"attributes\",\"attributes\":{},\"tid\":10}");
  wherry_session_hears_error (&f->b, "forbidden", "attributes", "10");

  /* each costs its size twice: once to take, once for the one other */
  for (n = 0; wherry_counter_get (WHERRY_COUNTER_RATE_LIMITED) == limited; n++)
    {
      wherry_session_drop_frames (&f->a);
      wherry_session_say (&f->a, change);
    }
  g_assert_cmpuint (n - 1, ==, WHERRY_SIGNAL_BURST_BYTES / (2 * strlen (change)));
  wherry_session_hears_error (&f->a, "rate-limited", "attributes", NULL);
}

/* It is told why before it is gone. */
static void
test_offended (SessionFixture *f, gconstpointer data)
{
  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_session_drop_frames (&f->a);
  wherry_fake_member_offend (wherry_fake_relay_member (f->relay, 0),
                             WHERRY_SIGNAL_ERROR_RATE_LIMITED);
  wherry_session_hears (
      &f->a, "{\"type\":\"error\",\"code\":\"rate-limited\",\"message\":\"It was too much\"}");
  wherry_session_hears (&f->a, "{\"type\":\"left\",\"reason\":\"kicked\"}");
  g_assert_cmpuint (f->a.close_code, ==, 1000);
}

static void
test_tenth_bad_message_closes (SessionFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("", 0);
  guint64 bad = wherry_counter_get (WHERRY_COUNTER_BAD_MESSAGES);

  for (guint i = 0; i < 9; i++)
    {
      wherry_session_say (&f->a, "[1");
      wherry_session_hears_error (&f->a, "bad-message", NULL, NULL);
    }
  g_assert_cmpuint (f->a.close_code, ==, 0);
  wherry_signaling_session_receive_binary (f->a.session, bytes);
  wherry_session_hears_error (&f->a, "bad-message", NULL, NULL);
  g_assert_cmpuint (f->a.close_code, ==, 1008);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_BAD_MESSAGES), ==, bad + 10);
}

static void
test_bad_messages_are_forgotten (SessionFixture *f, gconstpointer data)
{
  for (guint i = 0; i < 40; i++)
    {
      wherry_session_say (&f->a, "{\"type\":\"nonsense\",\"tid\":0}");
      wherry_session_hears_error (&f->a, "unknown-type", NULL, "0");
      wherry_virtual_clock_advance (f->clock, 6700 * G_TIME_SPAN_MILLISECOND);
    }
  g_assert_cmpuint (f->a.close_code, ==, 0);
}

static void
test_rate_of_messages (SessionFixture *f, gconstpointer data)
{
  guint64 limited = wherry_counter_get (WHERRY_COUNTER_RATE_LIMITED);

  for (guint i = 0; i < WHERRY_SIGNAL_BURST_MESSAGES; i++)
    {
      wherry_session_say (&f->a, "{\"type\":\"ping\"}");
      wherry_session_hears (&f->a, "{\"type\":\"pong\"}");
    }
  wherry_session_say (&f->a, "{\"type\":\"ping\"}");
  wherry_session_hears_error (&f->a, "rate-limited", NULL, NULL);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_RATE_LIMITED), ==, limited + 1);

  wherry_virtual_clock_advance (f->clock, G_TIME_SPAN_SECOND);
  for (guint i = 0; i < WHERRY_SIGNAL_RATE_MESSAGES; i++)
    {
      wherry_session_say (&f->a, "{\"type\":\"ping\"}");
      wherry_session_hears (&f->a, "{\"type\":\"pong\"}");
    }
  wherry_session_say (&f->a, "{\"type\":\"ping\"}");
  wherry_session_hears_error (&f->a, "rate-limited", NULL, NULL);
  g_assert_cmpuint (f->a.close_code, ==, 0);
}

static void
test_msg_costs_its_audience (SessionFixture *f, gconstpointer data)
{
  g_autofree char *filler = g_strnfill (60000, 'x');
  g_autofree char *msg = g_strdup_printf ("{\"type\":\"msg\",\"x\":\"%s\"}", filler);
  guint sent = 0;

  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_session_say (&f->b, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_session_drop_frames (&f->b);
  /* 120,000 of 262,144 bytes each */
  for (guint i = 0; i < 4; i++)
    wherry_session_say (&f->a, msg);
  for (GList *l = f->b.frames.head; l != NULL; l = l->next)
    sent++;
  g_assert_cmpuint (sent, ==, 2);
  g_assert_nonnull (strstr (g_queue_peek_tail (&f->a.frames), "rate-limited"));
}

/* One address, several sockets. */
static void
test_rate_of_joins (SessionFixture *f, gconstpointer data)
{
  guint64 limited = wherry_counter_get (WHERRY_COUNTER_RATE_LIMITED);
  SessionClient *clients[] = { &f->a, &f->b };

  for (guint i = 0; i < 999; i++)
    wherry_join_limit_take (f->joins, "192.0.2.7", wherry_clock_now_us (f->clock));
  wherry_session_say (clients[0], "{\"type\":\"join\",\"room\":\"r\"}");
  g_assert_nonnull (strstr (g_queue_peek_head (&clients[0]->frames), "joined"));
  wherry_session_say (clients[1], "{\"type\":\"join\",\"room\":\"r\",\"tid\":1}");
  wherry_session_hears_error (clients[1], "rate-limited", "join", "1");
  wherry_session_say (clients[1], "{\"type\":\"call\",\"tid\":2}"); /* a join too */
  wherry_session_hears_error (clients[1], "rate-limited", "call", "2");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_RATE_LIMITED), ==, limited + 2);

  wherry_virtual_clock_advance (f->clock, G_TIME_SPAN_MILLISECOND);
  wherry_session_say (clients[1], "{\"type\":\"join\",\"room\":\"r\"}");
  g_assert_nonnull (strstr (g_queue_peek_head (&clients[1]->frames), "joined"));
}

/* Many members come in several frames, none too large, none twice, and none is missing. */
static void
test_many_members (SessionFixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) crowd = g_ptr_array_new ();
  g_autofree char *name = g_strnfill (WHERRY_MEMBER_NAME_MAX, 'n');
  g_autofree char *join
      = g_strdup_printf ("{\"type\":\"join\",\"room\":\"crowd\",\"name\":\"%s\"}", name);
  gboolean more = TRUE;
  const guint n = 799;
  guint frames = 0;

  for (guint i = 0; i < n; i++)
    {
      SessionClient *client = g_new0 (SessionClient, 1);

      wherry_session_client_init (client, f);
      wherry_session_say (client, join);
      wherry_session_drop_frames (client);
      g_ptr_array_add (crowd, client);
    }

  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"crowd\"}");
  while (more)
    {
      g_autofree char *frame = g_queue_pop_head (&f->a.frames);
      g_autoptr (WherrySignal) signal = wherry_signal_parse_server (frame, strlen (frame), NULL);

      g_assert_nonnull (signal);
      g_assert_cmpuint (strlen (frame), <=, WHERRY_SIGNAL_MESSAGE_MAX);
      g_assert_cmpint (signal->type, ==,
                       frames == 0 ? WHERRY_SIGNAL_JOINED : WHERRY_SIGNAL_MEMBERS);
      for (guint i = 0; i < signal->members->len; i++)
        {
          WherrySignalMember *member = signal->members->pdata[i];

          g_assert_true (g_hash_table_add (seen, g_strdup (member->peer)));
        }
      g_assert_cmpuint (signal->members->len, <=, 500);
      more = signal->more;
      frames++;
    }
  g_assert_cmpuint (frames, >, 1);
  g_assert_cmpuint (g_hash_table_size (seen), ==, n);
  wherry_session_hears_nothing (&f->a);

  for (guint i = 0; i < n; i++)
    {
      wherry_session_client_clear (crowd->pdata[i]);
      g_free (crowd->pdata[i]);
    }
}

static void
test_shutdown (SessionFixture *f, gconstpointer data)
{
  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_session_drop_frames (&f->a);

  wherry_signaling_session_shutdown (f->a.session);
  wherry_session_hears_nothing (&f->a); /* it hears it from the relay */
  wherry_relay_member_leave (wherry_fake_relay_member (f->relay, 0), WHERRY_LEAVE_SHUTDOWN);
  wherry_session_hears (&f->a, "{\"type\":\"left\",\"reason\":\"shutdown\"}");
  g_assert_cmpuint (f->a.close_code, ==, 1001);

  wherry_signaling_session_shutdown (f->b.session);
  wherry_session_hears (&f->b, "{\"type\":\"left\",\"reason\":\"shutdown\"}");
  g_assert_cmpuint (f->b.close_code, ==, 1001);
}

static void
test_end_of_waiting (SessionFixture *f, gconstpointer data)
{
  guint64 late = wherry_counter_get (WHERRY_COUNTER_SOCKETS_NOT_JOINED);

  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_session_say (&f->b, "{\"type\":\"join\",\"room\":\"a/b\",\"token\":\"x\"}");
  wherry_session_drop_frames (&f->a);
  wherry_session_drop_frames (&f->b);

  wherry_signaling_session_end_waiting (f->a.session);
  wherry_session_hears_nothing (&f->a);
  g_assert_cmpuint (f->a.close_code, ==, 0);
  wherry_signaling_session_end_waiting (f->b.session);
  wherry_session_hears_error (&f->b, "not-joined", NULL, NULL);
  g_assert_cmpuint (f->b.close_code, ==, 1008);
  wherry_signaling_session_end_waiting (f->b.session);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SOCKETS_NOT_JOINED), ==, late + 1);
}

static void
test_socket_gone_detaches (SessionFixture *f, gconstpointer data)
{
  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  g_free (wherry_fake_relay_take_log (f->relay));
  g_clear_pointer (&f->a.session, wherry_signaling_session_free);
  wherry_session_relay_did (f, "0000000000000001: detach\n");
}

static void
test_left_by_the_relay (SessionFixture *f, gconstpointer data)
{
  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_session_drop_frames (&f->a);
  wherry_relay_member_leave (wherry_fake_relay_member (f->relay, 0), WHERRY_LEAVE_TIMEOUT);
  wherry_session_hears (&f->a, "{\"type\":\"left\",\"reason\":\"timeout\"}");
  g_assert_cmpuint (f->a.close_code, ==, 1000);
  g_assert_false (wherry_signaling_session_is_joined (f->a.session));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add (path, SessionFixture, NULL, wherry_session_set_up, func, wherry_session_tear_down)
  ADD ("/session/join-and-leave", test_join_and_leave);
  ADD ("/session/states", test_states);
  ADD ("/session/signal-and-msg", test_signal_and_msg);
  ADD ("/session/tunnel", test_tunnel);
  ADD ("/session/presence", test_presence);
  ADD ("/session/offended", test_offended);
  ADD ("/session/tenth-bad-message-closes", test_tenth_bad_message_closes);
  ADD ("/session/bad-messages-are-forgotten", test_bad_messages_are_forgotten);
  ADD ("/session/rate-of-messages", test_rate_of_messages);
  ADD ("/session/rate-of-joins", test_rate_of_joins);
  ADD ("/session/msg-costs-its-audience", test_msg_costs_its_audience);
  ADD ("/session/many-members", test_many_members);
  ADD ("/session/shutdown", test_shutdown);
  ADD ("/session/end-of-waiting", test_end_of_waiting);
  ADD ("/session/socket-gone-detaches", test_socket_gone_detaches);
  ADD ("/session/left-by-the-relay", test_left_by_the_relay);
  return g_test_run ();
}
