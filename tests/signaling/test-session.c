/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-virtual-clock.h"
#include "signaling/wherry-fake-relay.h"
#include "signaling/wherry-signaling-session.h"
#include "wire/wherry-json.h"

/* A client without a socket. */
typedef struct
{
  GQueue frames; /* of char *, as they were sent */
  guint close_code;
  WherrySignalingSession *session;
} Client;

typedef struct
{
  WherryClock *clock;
  WherryRelay *relay;
  Client a;
  Client b;
} Fixture;

static void
on_send (gpointer user_data, char *text)
{
  Client *client = user_data;

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_cmpuint (client->close_code, ==, 0);
  g_queue_push_tail (&client->frames, text);
}

static void
on_close (gpointer user_data, guint code, const char *reason)
{
  Client *client = user_data;

  g_assert_cmpuint (client->close_code, ==, 0);
  client->close_code = code;
}

static const WherrySignalingSink sink = { .send = on_send, .close = on_close };

static void
client_init (Client *client, Fixture *f)
{
  g_queue_init (&client->frames);
  client->session = wherry_signaling_session_new (f->relay, "127.0.0.1", f->clock, &sink, client);
}

static void
client_clear (Client *client)
{
  g_clear_pointer (&client->session, wherry_signaling_session_free);
  g_queue_clear_full (&client->frames, g_free);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = wherry_virtual_clock_new ();
  f->relay = wherry_fake_relay_new ();
  client_init (&f->a, f);
  client_init (&f->b, f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  client_clear (&f->a);
  client_clear (&f->b);
  wherry_fake_relay_free (f->relay); /* asserts that no member is left */
  wherry_clock_unref (f->clock);
}

static void
say (Client *client, const char *text)
{
  g_autofree char *exact = g_memdup2 (text, strlen (text)); /* heap copy: one byte too far shows */

  wherry_signaling_session_receive (client->session, exact, strlen (text));
}

static void
hears (Client *client, const char *expected)
{
  g_autofree char *frame = g_queue_pop_head (&client->frames);

  g_assert_cmpstr (frame, ==, expected);
}

/* The next frame is an error with this code, ref and tid (raw, nullable). */
static void
hears_error (Client *client, const char *code, const char *ref, const char *tid)
{
  g_autofree char *frame = g_queue_pop_head (&client->frames);
  g_autofree char *code_part = g_strdup_printf ("\"code\":\"%s\"", code);
  g_autofree char *ref_part = g_strdup_printf ("\"ref\":\"%s\"", ref);
  g_autofree char *tid_part = g_strdup_printf ("\"tid\":%s", tid);

  g_assert_nonnull (frame);
  g_test_message ("%s", frame);
  g_assert_nonnull (strstr (frame, "\"type\":\"error\""));
  g_assert_nonnull (strstr (frame, code_part));
  g_assert_cmpint (ref != NULL, ==, strstr (frame, "\"ref\"") != NULL);
  g_assert_cmpint (tid != NULL, ==, strstr (frame, "\"tid\"") != NULL);
  if (ref != NULL)
    g_assert_nonnull (strstr (frame, ref_part));
  if (tid != NULL)
    g_assert_nonnull (strstr (frame, tid_part));
}

static void
hears_nothing (Client *client)
{
  g_assert_cmpstr (g_queue_peek_head (&client->frames), ==, NULL);
}

static void
drop_frames (Client *client)
{
  g_queue_clear_full (&client->frames, g_free);
}

static void
relay_did (Fixture *f, const char *expected)
{
  g_autofree char *log = wherry_fake_relay_take_log (f->relay);

  g_assert_cmpstr (log, ==, expected);
}

/* "{"type":TYPE,"sdp":…,EXTRA}" with a good description */
static char *
description (const char *type, const char *extra)
{
  g_autoptr (WherryJsonWriter) writer = wherry_json_writer_new ();
  gboolean is_offer = g_str_equal (type, "offer");
  g_autofree char *sdp
      = g_strdup_printf ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
                         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
                         "a=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
                         "a=fingerprint:sha-256 "
                         "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
                         "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
                         "a=setup:%s\r\na=sctp-port:5000\r\n",
                         is_offer ? "actpass" : "active");
  char *text;

  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "type", type);
  wherry_json_writer_string (writer, "sdp", sdp);
  if (extra != NULL)
    wherry_json_writer_raw (writer, "channels", extra, strlen (extra));
  wherry_json_writer_raw (writer, "tid", "7", 1);
  wherry_json_writer_end_object (writer);
  text = wherry_json_writer_finish (g_steal_pointer (&writer), NULL);
  return text;
}

static void
test_join_and_leave (Fixture *f, gconstpointer data)
{
  say (&f->a, "{\"type\":\"join\",\"room\":\"lobby\",\"name\":\"Ann\",\"tid\":\"j\"}");
  relay_did (f, "0000000000000001: join lobby name=Ann mirror=1\n");
  hears (&f->a,
         "{\"type\":\"joined\",\"peer\":\"0000000000000001\",\"room\":\"lobby\","
         "\"members\":[],\"more\":false,\"iceServers\":[],\"maxMessageSize\":262144,"
         "\"features\":[\"mirror\",\"notices\",\"signal\",\"msg\"],\"tid\":\"j\"}");

  say (&f->b, "{\"type\":\"join\",\"room\":\"lobby\",\"mirror\":false,\"history\":5}");
  relay_did (f, "0000000000000002: join lobby name=(null) mirror=0\n");
  hears (&f->a, "{\"type\":\"member-joined\",\"peer\":\"0000000000000002\"}");
  hears (&f->b, "{\"type\":\"joined\",\"peer\":\"0000000000000002\",\"room\":\"lobby\","
                "\"members\":[{\"peer\":\"0000000000000001\",\"name\":\"Ann\"}],\"more\":false,"
                "\"iceServers\":[],\"maxMessageSize\":262144,"
                "\"features\":[\"mirror\",\"notices\",\"signal\",\"msg\"]}");

  say (&f->a, "{\"type\":\"leave\",\"tid\":3}");
  hears (&f->a, "{\"type\":\"left\",\"reason\":\"left\",\"tid\":3}");
  g_assert_cmpuint (f->a.close_code, ==, 1000);
  hears (&f->b, "{\"type\":\"member-left\",\"peer\":\"0000000000000001\",\"reason\":\"left\"}");
  g_assert_cmpuint (wherry_fake_relay_get_n_members (f->relay), ==, 1);

  /* nothing is heard or done after the end */
  say (&f->a, "{\"type\":\"ping\"}");
  hears_nothing (&f->a);
}

static void
test_states (Fixture *f, gconstpointer data)
{
  static const char *const needs_join[] = {
    "{\"type\":\"leave\",\"tid\":1}",
    "{\"type\":\"candidate\",\"candidate\":\"\",\"tid\":1}",
    "{\"type\":\"msg\",\"tid\":1}",
    "{\"type\":\"signal\",\"to\":\"0000000000000001\",\"data\":1,\"tid\":1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (needs_join); i++)
    {
      say (&f->a, needs_join[i]);
      g_assert_nonnull (strstr (g_queue_peek_head (&f->a.frames), "not-joined"));
      drop_frames (&f->a);
    }
  say (&f->a, "{\"type\":\"ping\",\"data\":{\"x\":[1]},\"tid\":\"p\"}");
  hears (&f->a, "{\"type\":\"pong\",\"data\":{\"x\":[1]},\"tid\":\"p\"}");

  say (&f->a, "{\"type\":\"join\",\"room\":\"r\",\"token\":\"\",\"tid\":2}");
  hears_error (&f->a, "unauthorized", "join", "2");
  say (&f->a, "{\"type\":\"join\",\"room\":\"r\",\"token\":\"abc\"}");
  hears_error (&f->a, "unauthorized", "join", NULL);
  relay_did (f, "");

  wherry_fake_relay_fail_next (f->relay, WHERRY_SIGNAL_ERROR_ROOM_FULL);
  say (&f->a, "{\"type\":\"join\",\"room\":\"r\",\"tid\":2}");
  hears_error (&f->a, "room-full", "join", "2");

  /* a refused join may be tried again; a second one after a good one not */
  say (&f->a, "{\"type\":\"join\",\"room\":\"r\",\"tid\":2}");
  drop_frames (&f->a);
  say (&f->a, "{\"type\":\"join\",\"room\":\"other\",\"tid\":2}");
  hears_error (&f->a, "already-joined", "join", "2");
  say (&f->a, "{\"type\":\"signal\",\"to\":\"00000000000000ff\",\"data\":1,\"tid\":4}");
  hears_error (&f->a, "no-such-member", "signal", "4");
  g_assert_cmpuint (f->a.close_code, ==, 0);
}

static void
test_call_is_an_echo (Fixture *f, gconstpointer data)
{
  g_autofree char *answer = description ("answer", NULL);

  say (&f->a, "{\"type\":\"call\"}");
  relay_did (f, "0000000000000001: join echo name=(null) mirror=1\n"
                "0000000000000001: call [cat-noises id=0 ordered=1 r=0/0 protocol=]\n");
  hears_nothing (&f->a);
  wherry_fake_member_describe (wherry_fake_relay_member (f->relay, 0), WHERRY_SDP_OFFER, "v=0");
  hears (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=0\"}");
  wherry_fake_member_candidate (wherry_fake_relay_member (f->relay, 0), "candidate:1");
  hears (&f->a, "{\"type\":\"candidate\",\"candidate\":\"candidate:1\",\"sdpMid\":\"0\","
                "\"sdpMLineIndex\":0,\"usernameFragment\":\"abcd\"}");
  say (&f->a, answer);
  relay_did (f, "0000000000000001: answer\n");

  say (&f->a, "{\"type\":\"join\",\"room\":\"x\"}");
  hears_error (&f->a, "already-joined", "join", NULL);
}

static void
test_channels (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = description ("offer", "[{\"label\":\"n\",\"id\":1000}]");

  say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  say (&f->a, "{\"type\":\"call\"}");
  say (&f->a, "{\"type\":\"call\",\"channels\":[{\"label\":\"x\",\"id\":4,\"ordered\":false,"
              "\"maxRetransmits\":0,\"protocol\":\"p\"},"
              "{\"label\":\"y\",\"id\":5,\"maxPacketLifeTime\":100}]}");
  say (&f->a, offer);
  relay_did (f, "0000000000000001: join r name=(null) mirror=1\n"
                "0000000000000001: call\n"
                "0000000000000001: call [x id=4 ordered=0 r=1/0 protocol=p]"
                " [y id=5 ordered=1 r=2/100 protocol=]\n"
                "0000000000000001: offer [n id=1000 ordered=1 r=0/0 protocol=]\n");
}

static void
test_too_many_channels (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("{\"type\":\"call\",\"tid\":9,\"channels\":[");

  wherry_fake_relay_config (f->relay)->channels_per_member = 3;
  for (guint i = 0; i < 4; i++)
    g_string_append_printf (text, "%s{\"label\":\"c%u\",\"id\":%u}", i > 0 ? "," : "", i, i);
  g_string_append (text, "]}");
  say (&f->a, text->str);
  hears_error (&f->a, "too-large", "call", "9");
}

static void
test_tids_come_back (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = description ("offer", NULL);
  WherryMember *member;

  say (&f->a, offer); /* tid 7 */
  member = wherry_fake_relay_member (f->relay, 0);
  say (&f->a, offer);
  say (&f->a, "{\"type\":\"call\",\"tid\":\"c\"}");

  wherry_fake_member_describe (member, WHERRY_SDP_ANSWER, "v=1");
  hears (&f->a, "{\"type\":\"answer\",\"sdp\":\"v=1\",\"tid\":7}");
  wherry_fake_member_refuse (member, "does not fit");
  hears_error (&f->a, "bad-sdp", "offer", "7");
  wherry_fake_member_describe (member, WHERRY_SDP_OFFER, "v=2");
  hears (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=2\",\"tid\":\"c\"}");
  /* one that the relay makes by itself has none */
  wherry_fake_member_describe (member, WHERRY_SDP_OFFER, "v=3");
  hears (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=3\"}");
  wherry_fake_member_refuse (member, "does not fit");
  hears_error (&f->a, "bad-sdp", "answer", NULL);
  wherry_fake_member_candidate (member, NULL);
  hears (&f->a, "{\"type\":\"candidate\",\"candidate\":\"\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,"
                "\"usernameFragment\":\"abcd\"}");
}

static void
test_unanswered_offers_are_bounded (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = description ("offer", NULL);
  guint refused = 0;

  for (guint i = 0; i < 40; i++)
    say (&f->a, offer);
  for (GList *l = f->a.frames.head; l != NULL; l = l->next)
    refused += strstr (l->data, "rate-limited") != NULL;
  g_assert_cmpuint (refused, ==, 40 - 16);
}

static void
test_bad_descriptions (Fixture *f, gconstpointer data)
{
  say (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=0\",\"tid\":1}");
  hears_error (&f->a, "bad-sdp", "offer", "1");
  relay_did (f, ""); /* and it did not join */
  say (&f->a, "{\"type\":\"offer\",\"tid\":1}");
  hears_error (&f->a, "bad-message", "offer", "1");
}

static void
test_candidates (Fixture *f, gconstpointer data)
{
  guint64 mdns = wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED);
  g_autofree char *offer = description ("offer", NULL);

  say (&f->a, offer);
  g_free (wherry_fake_relay_take_log (f->relay));

  say (&f->a, "{\"type\":\"candidate\",\"candidate\":\"candidate:1 1 udp 2113937151 127.0.0.1 4242 "
              "typ host\",\"sdpMid\":\"0\",\"usernameFragment\":\"abcd\"}");
  relay_did (f, "0000000000000001: candidate 127.0.0.1 4242 ufrag=abcd\n");
  /* browsers end with an empty one or with null */
  say (&f->a, "{\"type\":\"candidate\",\"candidate\":\"\"}");
  say (&f->a, "{\"type\":\"candidate\",\"candidate\":null}");
  relay_did (f, "0000000000000001: candidates end\n0000000000000001: candidates end\n");
  hears_nothing (&f->a);

  /* of no use, and no error */
  say (&f->a, "{\"type\":\"candidate\",\"candidate\":\"candidate:1 1 udp 2113937151 "
              "3c8a5e2e-0f6c-4c3b-9c0b-2f1d5b1a7e11.local 4242 typ host\"}");
  say (&f->a, "{\"type\":\"candidate\",\"candidate\":\"candidate:1 2 udp 2113937151 127.0.0.1 4242 "
              "typ host\"}");
  say (&f->a, "{\"type\":\"candidate\",\"sdpMid\":\"audio\",\"candidate\":\"candidate:1 1 udp "
              "2113937151 127.0.0.1 4242 typ host\"}");
  relay_did (f, "");
  hears_nothing (&f->a);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED), ==, mdns + 1);

  say (&f->a, "{\"type\":\"candidate\",\"tid\":5,\"candidate\":\"candidate:1 1 udp 2113937151 "
              "127.0.0.1 99999 typ host\"}");
  hears_error (&f->a, "bad-candidate", "candidate", "5");
  relay_did (f, "");
}

static void
test_signal_and_msg (Fixture *f, gconstpointer data)
{
  say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  say (&f->b, "{\"type\":\"join\",\"room\":\"r\"}");
  drop_frames (&f->a);
  drop_frames (&f->b);

  say (&f->a, "{\"type\":\"signal\",\"to\":\"0000000000000002\",\"data\":{\"n\":1e400, "
              "\"s\":\"\\u00e9\"}}");
  hears (&f->b, "{\"type\":\"signal\",\"from\":\"0000000000000001\",\"data\":{\"n\":1e400, "
                "\"s\":\"\\u00e9\"}}");
  hears_nothing (&f->a);

  /* the bytes as they came, to everybody */
  say (&f->b, "{\"type\":\"msg\", \"text\":\"a\\/b\",\"n\":1.0}");
  hears (&f->a, "{\"type\":\"msg\", \"text\":\"a\\/b\",\"n\":1.0,\"from\":\"0000000000000002\"}");
  hears (&f->b, "{\"type\":\"msg\", \"text\":\"a\\/b\",\"n\":1.0,\"from\":\"0000000000000002\"}");
}

static void
test_tenth_bad_message_closes (Fixture *f, gconstpointer data)
{
  guint64 bad = wherry_counter_get (WHERRY_COUNTER_BAD_MESSAGES);

  for (guint i = 0; i < 9; i++)
    {
      say (&f->a, "[1");
      hears_error (&f->a, "bad-message", NULL, NULL);
    }
  g_assert_cmpuint (f->a.close_code, ==, 0);
  wherry_signaling_session_receive_binary (f->a.session);
  hears_error (&f->a, "bad-message", NULL, NULL);
  g_assert_cmpuint (f->a.close_code, ==, 1008);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_BAD_MESSAGES), ==, bad + 10);
}

static void
test_bad_messages_are_forgotten (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 40; i++)
    {
      say (&f->a, "{\"type\":\"nonsense\",\"tid\":0}");
      hears_error (&f->a, "unknown-type", NULL, "0");
      wherry_virtual_clock_advance (f->clock, 6700 * G_TIME_SPAN_MILLISECOND);
    }
  g_assert_cmpuint (f->a.close_code, ==, 0);
}

static void
test_rate_of_messages (Fixture *f, gconstpointer data)
{
  guint64 limited = wherry_counter_get (WHERRY_COUNTER_RATE_LIMITED);

  for (guint i = 0; i < WHERRY_SIGNAL_BURST_MESSAGES; i++)
    {
      say (&f->a, "{\"type\":\"ping\"}");
      hears (&f->a, "{\"type\":\"pong\"}");
    }
  say (&f->a, "{\"type\":\"ping\"}");
  hears_error (&f->a, "rate-limited", NULL, NULL);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_RATE_LIMITED), ==, limited + 1);

  wherry_virtual_clock_advance (f->clock, G_TIME_SPAN_SECOND);
  for (guint i = 0; i < WHERRY_SIGNAL_RATE_MESSAGES; i++)
    {
      say (&f->a, "{\"type\":\"ping\"}");
      hears (&f->a, "{\"type\":\"pong\"}");
    }
  say (&f->a, "{\"type\":\"ping\"}");
  hears_error (&f->a, "rate-limited", NULL, NULL);
  g_assert_cmpuint (f->a.close_code, ==, 0);
}

static void
test_msg_costs_its_audience (Fixture *f, gconstpointer data)
{
  g_autofree char *filler = g_strnfill (60000, 'x');
  g_autofree char *msg = g_strdup_printf ("{\"type\":\"msg\",\"x\":\"%s\"}", filler);
  guint sent = 0;

  say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  say (&f->b, "{\"type\":\"join\",\"room\":\"r\"}");
  drop_frames (&f->b);
  /* 120,000 of 262,144 bytes each */
  for (guint i = 0; i < 4; i++)
    say (&f->a, msg);
  for (GList *l = f->b.frames.head; l != NULL; l = l->next)
    sent++;
  g_assert_cmpuint (sent, ==, 2);
  g_assert_nonnull (strstr (g_queue_peek_tail (&f->a.frames), "rate-limited"));
}

/* Many members come in several frames, none too large, none twice, and none is missing. */
static void
test_many_members (Fixture *f, gconstpointer data)
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
      Client *client = g_new0 (Client, 1);

      client_init (client, f);
      say (client, join);
      drop_frames (client);
      g_ptr_array_add (crowd, client);
    }

  say (&f->a, "{\"type\":\"join\",\"room\":\"crowd\"}");
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
  hears_nothing (&f->a);

  for (guint i = 0; i < n; i++)
    {
      client_clear (crowd->pdata[i]);
      g_free (crowd->pdata[i]);
    }
}

static void
test_shutdown (Fixture *f, gconstpointer data)
{
  say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  drop_frames (&f->a);

  wherry_signaling_session_shutdown (f->a.session);
  hears_nothing (&f->a); /* it hears it from the relay */
  wherry_member_leave (wherry_fake_relay_member (f->relay, 0), WHERRY_LEAVE_SHUTDOWN);
  hears (&f->a, "{\"type\":\"left\",\"reason\":\"shutdown\"}");
  g_assert_cmpuint (f->a.close_code, ==, 1001);

  wherry_signaling_session_shutdown (f->b.session);
  hears (&f->b, "{\"type\":\"left\",\"reason\":\"shutdown\"}");
  g_assert_cmpuint (f->b.close_code, ==, 1001);
}

static void
test_socket_gone_detaches (Fixture *f, gconstpointer data)
{
  say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  g_free (wherry_fake_relay_take_log (f->relay));
  g_clear_pointer (&f->a.session, wherry_signaling_session_free);
  relay_did (f, "0000000000000001: detach\n");
}

static void
test_left_by_the_relay (Fixture *f, gconstpointer data)
{
  say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  drop_frames (&f->a);
  wherry_member_leave (wherry_fake_relay_member (f->relay, 0), WHERRY_LEAVE_TIMEOUT);
  hears (&f->a, "{\"type\":\"left\",\"reason\":\"timeout\"}");
  g_assert_cmpuint (f->a.close_code, ==, 1000);
  g_assert_false (wherry_signaling_session_is_joined (f->a.session));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/session/join-and-leave", test_join_and_leave);
  ADD ("/session/states", test_states);
  ADD ("/session/call-is-an-echo", test_call_is_an_echo);
  ADD ("/session/channels", test_channels);
  ADD ("/session/too-many-channels", test_too_many_channels);
  ADD ("/session/tids-come-back", test_tids_come_back);
  ADD ("/session/unanswered-offers-are-bounded", test_unanswered_offers_are_bounded);
  ADD ("/session/bad-descriptions", test_bad_descriptions);
  ADD ("/session/candidates", test_candidates);
  ADD ("/session/signal-and-msg", test_signal_and_msg);
  ADD ("/session/tenth-bad-message-closes", test_tenth_bad_message_closes);
  ADD ("/session/bad-messages-are-forgotten", test_bad_messages_are_forgotten);
  ADD ("/session/rate-of-messages", test_rate_of_messages);
  ADD ("/session/msg-costs-its-audience", test_msg_costs_its_audience);
  ADD ("/session/many-members", test_many_members);
  ADD ("/session/shutdown", test_shutdown);
  ADD ("/session/socket-gone-detaches", test_socket_gone_detaches);
  ADD ("/session/left-by-the-relay", test_left_by_the_relay);
  return g_test_run ();
}
