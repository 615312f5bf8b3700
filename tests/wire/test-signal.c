/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

/* What clients say. */

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "fixtures/wherry-mutate.h"
#include "signal-fixture.h"
#include "wire/wherry-json-scan.h"

#define JOIN(more) "{\"type\":\"join\",\"room\":\"r\"," more "}"

static void
test_join (void)
{
  g_autoptr (WherrySignal) least = signal_parse ("{\"type\":\"join\",\"room\":\"lobby\"}");
  g_autoptr (WherrySignal) most = signal_parse (
      "{\"resume\":{ \"token\":\"t\",\"seen\":{}},\"history\":5,\"mirror\":false,\"token\":\"\","
      "\"name\":\"J\\u00f6\",\"room\":\"a b\",\"type\":\"join\",\"tid\":\"x\\n\",\"else\":[1]}");
  g_autoptr (WherrySignal) nulls = signal_parse (
      "{\"type\":\"join\",\"room\":\"r\",\"name\":null,\"token\":null,\"mirror\":null,"
      "\"history\":null,\"resume\":null,\"tid\":null}");
  g_autoptr (WherrySignal) empty
      = signal_parse ("{\"type\":\"join\",\"room\":\"r\",\"name\":\"\"}");

  g_assert_cmpint (least->type, ==, WHERRY_SIGNAL_JOIN);
  g_assert_cmpstr (least->room, ==, "lobby");
  g_assert_null (least->name);
  g_assert_null (least->token);
  g_assert_null (least->tid);
  g_assert_true (least->mirror);
  g_assert_cmpuint (least->history, ==, 0);

  g_assert_cmpstr (most->room, ==, "a b");
  g_assert_cmpstr (most->name, ==, "J\xc3\xb6");
  g_assert_cmpstr (most->token, ==, "");
  g_assert_false (most->mirror);
  g_assert_cmpuint (most->history, ==, 5);
  g_assert_true (most->resumable);
  g_assert_cmpstr (most->resume, ==, "t");
  g_assert_cmpstr (most->tid, ==, "\"x\\n\"");

  g_assert_null (nulls->name);
  g_assert_null (nulls->token);
  g_assert_null (nulls->resume);
  g_assert_null (nulls->tid);
  g_assert_true (nulls->mirror);
  g_assert_null (empty->name);
}

/* What it says of its channels. */
static void
test_join_channels (void)
{
  g_autofree char *longer = g_strnfill (WHERRY_LABEL_MAX + 1, 'l');
  g_autofree char *label = g_strdup_printf (JOIN ("\"opens\":[\"%s\"]"), longer);
  g_autoptr (GString) many = g_string_new ("\"\"");
  g_autofree char *count = NULL;
  g_autoptr (WherrySignal) least = signal_parse (JOIN ("\"opens\":null"));
  g_autoptr (WherrySignal) resumes = signal_parse (JOIN ("\"resume\":{},\"opens\":[]"));
  g_autoptr (WherrySignal) asks
      = signal_parse (JOIN ("\"addressed\":true,\"opens\":[\"chat\",\"\",\"a/b\"]"));

  g_assert_false (least->addressed);
  g_assert_null (least->opens);
  g_assert_true (resumes->addressed);
  g_assert_cmpuint (g_strv_length (resumes->opens), ==, 0);
  g_assert_true (asks->addressed);
  g_assert_false (asks->resumable);
  g_assert_true (g_strv_equal ((const char *const *) asks->opens,
                               (const char *const[]){ "chat", "", "a/b", NULL }));

  for (guint i = 0; i < WHERRY_SIGNAL_CHANNELS_MAX; i++)
    g_string_append (many, ",\"\"");
  count = g_strdup_printf (JOIN ("\"opens\":[%s]"), many->str);
  signal_assert_refused (count, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused (label, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused (JOIN ("\"opens\":[1]"), WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused (JOIN ("\"opens\":\"chat\""), WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused (JOIN ("\"addressed\":1"), WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
}

static void
test_rooms (void)
{
  g_autofree char *longest = g_strnfill (WHERRY_ROOM_NAME_MAX, 'r');
  g_autofree char *longer = g_strnfill (WHERRY_ROOM_NAME_MAX + 1, 'r');
  g_autofree char *good = g_strdup_printf ("{\"type\":\"join\",\"room\":\"%s\"}", longest);
  g_autofree char *bad = g_strdup_printf ("{\"type\":\"join\",\"room\":\"%s\"}", longer);
  g_autoptr (WherrySignal) signal = signal_parse (good);

  g_assert_cmpstr (signal->room, ==, longest);
  signal_assert_refused (bad, WHERRY_SIGNAL_ERROR_BAD_ROOM);
  signal_assert_refused ("{\"type\":\"join\"}", WHERRY_SIGNAL_ERROR_BAD_ROOM);
  signal_assert_refused ("{\"type\":\"join\",\"room\":null}", WHERRY_SIGNAL_ERROR_BAD_ROOM);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"\"}", WHERRY_SIGNAL_ERROR_BAD_ROOM);
  signal_assert_refused ("{\"type\":\"join\",\"room\":5}", WHERRY_SIGNAL_ERROR_BAD_ROOM);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"a/b\"}", WHERRY_SIGNAL_ERROR_BAD_ROOM);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"a\\u002fb\"}",
                         WHERRY_SIGNAL_ERROR_BAD_ROOM);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"a\\nb\"}", WHERRY_SIGNAL_ERROR_BAD_ROOM);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"a\\u007f\"}", WHERRY_SIGNAL_ERROR_BAD_ROOM);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"a\\u0085\"}", WHERRY_SIGNAL_ERROR_BAD_ROOM);
  g_assert_false (wherry_signal_room_is_valid (NULL));
  g_assert_false (wherry_signal_room_is_valid ("\xff"));
  g_assert_true (wherry_signal_room_is_valid ("\xf0\x9f\x98\x80"));
}

static void
test_bad_join (void)
{
  g_autofree char *longer = g_strnfill (WHERRY_MEMBER_NAME_MAX + 1, 'n');
  g_autofree char *name
      = g_strdup_printf ("{\"type\":\"join\",\"room\":\"r\",\"name\":\"%s\"}", longer);

  signal_assert_refused (name, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"r\",\"name\":\"\\u001b[2J\"}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"r\",\"name\":1}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"r\",\"token\":[\"s3cret\"]}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"r\",\"mirror\":1}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"r\",\"history\":-1}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"r\",\"history\":18446744073709551617}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"r\",\"resume\":\"s3cret\"}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"join\",\"room\":\"r\",\"token\":\"s3cret\",}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
}

static void
test_channels (void)
{
  g_autoptr (WherrySignal) bare = signal_parse ("{\"type\":\"call\"}");
  g_autoptr (WherrySignal) none = signal_parse ("{\"type\":\"call\",\"channels\":[]}");
  g_autoptr (WherrySignal) call
      = signal_parse ("{\"type\":\"call\",\"channels\":[{\"id\":0},{\"label\":\"l\",\"id\":1000,"
                      "\"ordered\":false,\"maxRetransmits\":0,\"protocol\":\"p\"},"
                      "{\"id\":65534,\"maxPacketLifeTime\":65535,\"maxRetransmits\":null}]}");
  const WherrySignalChannel *channel;

  g_assert_null (bare->channels);
  g_assert_cmpuint (none->channels->len, ==, 0);
  g_assert_cmpuint (call->channels->len, ==, 3);
  channel = g_ptr_array_index (call->channels, 0);
  g_assert_cmpstr (channel->label, ==, "");
  g_assert_cmpstr (channel->protocol, ==, "");
  g_assert_true (channel->ordered);
  g_assert_cmpint (channel->reliability, ==, WHERRY_DCEP_RELIABLE);
  g_assert_cmpuint (channel->value, ==, 0);
  channel = g_ptr_array_index (call->channels, 1);
  g_assert_cmpstr (channel->label, ==, "l");
  g_assert_cmpstr (channel->protocol, ==, "p");
  g_assert_cmpuint (channel->id, ==, 1000);
  g_assert_false (channel->ordered);
  g_assert_cmpint (channel->reliability, ==, WHERRY_DCEP_REXMIT);
  g_assert_cmpuint (channel->value, ==, 0);
  channel = g_ptr_array_index (call->channels, 2);
  g_assert_cmpuint (channel->id, ==, 65534);
  g_assert_cmpint (channel->reliability, ==, WHERRY_DCEP_TIMED);
  g_assert_cmpuint (channel->value, ==, 65535);
}

static void
test_bad_channels (void)
{
  static const char *const bad[] = {
    "{}",
    "[1]",
    "[{}]",
    "[{\"id\":-1}]",
    "[{\"id\":65535}]",
    "[{\"id\":\"0\"}]",
    "[{\"id\":0.5}]",
    "[{\"id\":1},{\"id\":1}]",
    "[{\"id\":1,\"label\":1}]",
    "[{\"id\":1,\"protocol\":{}}]",
    "[{\"id\":1,\"ordered\":0}]",
    "[{\"id\":1,\"maxRetransmits\":65536}]",
    "[{\"id\":1,\"maxRetransmits\":-1}]",
    "[{\"id\":1,\"maxPacketLifeTime\":65536}]",
    "[{\"id\":1,\"maxRetransmits\":1,\"maxPacketLifeTime\":1}]",
  };
  g_autoptr (GString) many = g_string_new ("{\"type\":\"call\",\"channels\":[{\"id\":0}");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("{\"type\":\"offer\",\"sdp\":\"\",\"channels\":%s}", bad[i]);

      signal_assert_refused (text, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
    }
  for (guint i = 1; i <= WHERRY_SIGNAL_CHANNELS_MAX; i++)
    g_string_append_printf (many, ",{\"id\":%u}", i);
  g_string_append (many, "]}");
  signal_assert_refused (many->str, WHERRY_SIGNAL_ERROR_TOO_LARGE);
}

static void
test_descriptions (void)
{
  g_autoptr (WherrySignal) offer = signal_parse (
      "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\",\"tid\":7,\"channels\":[{\"id\":2}]}");
  g_autoptr (WherrySignal) answer = signal_parse ("{\"type\":\"answer\",\"sdp\":\"v=0\"}");

  g_assert_cmpint (offer->type, ==, WHERRY_SIGNAL_OFFER);
  g_assert_cmpstr (offer->sdp, ==, "v=0\r\n");
  g_assert_cmpstr (offer->tid, ==, "7");
  g_assert_cmpuint (offer->channels->len, ==, 1);
  g_assert_cmpint (answer->type, ==, WHERRY_SIGNAL_ANSWER);
  g_assert_cmpstr (answer->sdp, ==, "v=0");
  signal_assert_refused ("{\"type\":\"offer\"}", WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"answer\",\"sdp\":{\"type\":\"answer\"}}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
}

static void
test_candidates (void)
{
  static const char *const ends[] = {
    "{\"type\":\"candidate\"}",
    "{\"type\":\"candidate\",\"candidate\":null}",
    "{\"type\":\"candidate\",\"candidate\":\"\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}",
  };
  g_autofree char *longer = g_strnfill (WHERRY_CANDIDATE_LINE_MAX + 1, 'c');
  g_autofree char *bad = g_strdup_printf ("{\"type\":\"candidate\",\"candidate\":\"%s\"}", longer);
  g_autoptr (WherrySignal) signal = signal_parse (
      "{\"type\":\"candidate\",\"candidate\":\"candidate:1 1 udp 1 127.0.0.1 9 typ host\","
      "\"sdpMid\":\"0\",\"sdpMLineIndex\":3,\"usernameFragment\":\"ufrag\"}");
  g_autoptr (WherrySignal) nulls
      = signal_parse ("{\"type\":\"candidate\",\"candidate\":\"c\",\"sdpMid\":null,"
                      "\"sdpMLineIndex\":null,\"usernameFragment\":null}");

  g_assert_cmpstr (signal->candidate, ==, "candidate:1 1 udp 1 127.0.0.1 9 typ host");
  g_assert_cmpstr (signal->sdp_mid, ==, "0");
  g_assert_cmpint (signal->sdp_mline_index, ==, 3);
  g_assert_cmpstr (signal->ufrag, ==, "ufrag");
  g_assert_null (nulls->sdp_mid);
  g_assert_cmpint (nulls->sdp_mline_index, ==, -1);
  g_assert_null (nulls->ufrag);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autoptr (WherrySignal) end = signal_parse (ends[i]);

      g_assert_null (end->candidate);
    }
  signal_assert_refused (bad, WHERRY_SIGNAL_ERROR_BAD_CANDIDATE);
  signal_assert_refused ("{\"type\":\"candidate\",\"candidate\":{\"candidate\":\"\"}}",
                         WHERRY_SIGNAL_ERROR_BAD_CANDIDATE);
  signal_assert_refused ("{\"type\":\"candidate\",\"candidate\":\"c\",\"sdpMLineIndex\":-1}",
                         WHERRY_SIGNAL_ERROR_BAD_CANDIDATE);
  signal_assert_refused ("{\"type\":\"candidate\",\"candidate\":\"c\",\"sdpMid\":0}",
                         WHERRY_SIGNAL_ERROR_BAD_CANDIDATE);
}

static void
test_signal (void)
{
  static const char data[] = "{\"a\" : [1e400, 123456789012345678901234567890,\"\\u00e4\"]}";
  g_autofree char *text
      = g_strdup_printf ("{\"type\":\"signal\",\"to\":\"00ff00ff00ff00ff\",\"data\": %s }", data);
  g_autoptr (WherrySignal) signal = signal_parse (text);
  g_autoptr (WherrySignal) null
      = signal_parse ("{\"type\":\"signal\",\"to\":\"00ff00ff00ff00ff\",\"data\":null}");

  g_assert_cmpstr (signal->to, ==, "00ff00ff00ff00ff");
  g_assert_cmpmem (signal->data, signal->data_length, data, strlen (data));
  g_assert_cmpmem (null->data, null->data_length, "null", 4);
  signal_assert_refused ("{\"type\":\"signal\",\"to\":\"00ff00ff00ff00ff\"}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"signal\",\"data\":1}", WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"signal\",\"to\":\"00FF00ff00ff00ff\",\"data\":1}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"signal\",\"to\":16,\"data\":1}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
}

static void
test_msg (void)
{
  static const char object[] = "{ \"a\":1e400,\n\"type\":\"msg\",\"tid\":5 }";
  g_autofree char *text = g_strdup_printf (" \n%s\t", object);
  g_autoptr (WherrySignal) signal = signal_parse (text);
  g_autofree char *written = NULL;

  g_assert_cmpmem (signal->data, signal->data_length, object, strlen (object));
  g_assert_cmpstr (signal->tid, ==, "5");
  written = wherry_signal_write_news (&(WherrySignalNews){
      .type = WHERRY_SIGNAL_MSG,
      .peer = "0123456789abcdef",
      .data = signal->data,
      .length = signal->data_length,
  });
  g_assert_cmpstr (written, ==,
                   "{ \"a\":1e400,\n\"type\":\"msg\",\"tid\":5 ,\"from\":\"0123456789abcdef\"}");
}

/* Nobody speaks as somebody else, however it is spelled. */
static void
test_msg_from (void)
{
  signal_assert_refused ("{\"type\":\"msg\",\"from\":\"x\"}", WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"from\":null,\"type\":\"msg\"}", WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"msg\",\"\\u0066\\u0072om\":1}",
                         WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"msg\",\"a\":1,\"a\":2}", WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  wherry_signal_free (signal_parse ("{\"type\":\"msg\",\"a\":{\"from\":1},\"From\":2}"));
}

static void
test_ping_and_leave (void)
{
  g_autoptr (WherrySignal) bare = signal_parse ("{\"type\":\"ping\"}");
  g_autoptr (WherrySignal) ping
      = signal_parse ("{\"type\":\"ping\",\"data\":[ 1 ],\"tid\":-1.5e3}");
  g_autoptr (WherrySignal) leave = signal_parse ("{\"t\\u0079pe\":\"l\\u0065ave\"}");
  g_autofree char *pong = wherry_signal_write_pong (ping->data, ping->data_length, ping->tid);
  g_autofree char *bare_pong = wherry_signal_write_pong (bare->data, bare->data_length, NULL);

  g_assert_null (bare->data);
  g_assert_cmpstr (pong, ==, "{\"type\":\"pong\",\"data\":[ 1 ],\"tid\":-1.5e3}");
  g_assert_cmpstr (bare_pong, ==, "{\"type\":\"pong\"}");
  g_assert_cmpint (leave->type, ==, WHERRY_SIGNAL_LEAVE);
}

static void
test_frames (void)
{
  g_autofree char *large = g_strnfill (WHERRY_SIGNAL_MESSAGE_MAX + 1, ' ');
  g_autofree char *deep = g_strnfill (60000, '[');
  g_autofree char *tid = g_strnfill (127, 'x');
  g_autofree char *long_tid = g_strdup_printf ("{\"type\":\"leave\",\"tid\":\"%s\"}", tid);
  static const char *const bad[] = {
    "",
    "null",
    "[]",
    "\"join\"",
    "{}",
    "{\"type\":null}",
    "{\"type\":1}",
    "{\"type\":\"leave\",\"type\":\"leave\"}",
    "{\"type\":\"leave\",\"tid\":{}}",
    "{\"type\":\"leave\",\"tid\":true}",
    "{\"type\":\"leave\"} {}",
    "{\"type\":\"msg\",\"a\":\"\\ud800\"}",
    "{\"type\":\"msg\",\"a\":\"\\u0000\"}",
    "{\"type\":\"msg\",\"a\":\"\xff\"}",
  };
  static const char *const unknown[]
      = { "{\"type\":\"\"}",      "{\"type\":\"Join\"}",          "{\"type\":\"joined\"}",
          "{\"type\":\"error\"}", "{\"type\":\"member-joined\"}", "{\"type\":\"left\"}" };

  signal_assert_refused (large, WHERRY_SIGNAL_ERROR_TOO_LARGE);
  signal_assert_refused (deep, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused (long_tid, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    signal_assert_refused (bad[i], WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    signal_assert_refused (unknown[i], WHERRY_SIGNAL_ERROR_UNKNOWN_TYPE);
}

/* The error that answers says what it answers. */
static void
test_problem (void)
{
  static const char text[] = "{\"type\":\"join\",\"tid\":\"\\u0041\",\"room\":\"/\"}";
  g_auto (WherrySignalProblem) problem = { 0 };
  g_autofree char *written = NULL;

  g_assert_null (wherry_signal_parse_client (text, strlen (text), &problem));
  g_assert_cmpstr (problem.ref, ==, "join");
  g_assert_cmpstr (problem.tid, ==, "\"\\u0041\"");
  written = wherry_signal_write_problem (&problem);
  g_assert_cmpstr (written, ==,
                   "{\"type\":\"error\",\"code\":\"bad-room\",\"message\":\"room is not 1 to 128 "
                   "bytes without control characters or '/'\",\"ref\":\"join\","
                   "\"tid\":\"\\u0041\"}");
}

static const char *const all[] = {
  "{\"type\":\"join\",\"room\":\"lobby\",\"name\":\"n\",\"token\":\"t\",\"mirror\":false,"
  "\"history\":3,\"resume\":{\"token\":\"x\",\"seen\":{\"a\":1}},\"addressed\":true,\"opens\":["
  "\"b\"],\"tid\":\"1\"}",
  "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\",\"channels\":[{\"label\":\"a\",\"id\":0,"
  "\"ordered\":false,\"maxRetransmits\":3,\"protocol\":\"p\"}],\"tid\":2}",
  "{\"type\":\"call\",\"channels\":[{\"label\":\"a\",\"id\":5,\"maxPacketLifeTime\":30}]}",
  "{\"type\":\"answer\",\"sdp\":\"v=0\"}",
  "{\"type\":\"candidate\",\"candidate\":\"candidate:1\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,"
  "\"usernameFragment\":\"u\"}",
  "{\"type\":\"signal\",\"to\":\"0123456789abcdef\",\"data\":{\"x\":[1,2]}}",
  "{\"type\":\"msg\",\"text\":\"hello \\u00e4\"}",
  "{\"type\":\"leave\",\"tid\":9}",
  "{\"type\":\"ping\",\"data\":[1]}",
};

static void
test_prefixes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      wherry_signal_free (signal_parse (all[i]));
      for (gsize n = 0; n < strlen (all[i]); n++)
        {
          g_autofree char *prefix = g_strndup (all[i], n);

          signal_assert_refused (prefix, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
        }
    }
}

static void
test_mutations (void)
{
  static const WherryJsonLimits limits = { .length = WHERRY_MIB, .depth = WHERRY_JSON_DEPTH_MAX };
  g_autoptr (GRand) rand = g_rand_new_with_seed (wherry_test_seed ());
  guint taken = 0, refused = 0;

  for (guint i = 0; i < 10000; i++)
    {
      const char *text = all[i % G_N_ELEMENTS (all)];
      gsize length;
      g_autofree guint8 *data = wherry_mutate (rand, text, strlen (text), &length);
      g_auto (WherrySignalProblem) problem = { 0 };
      g_autoptr (WherrySignal) signal
          = wherry_signal_parse_client ((const char *) data, length, &problem);
      g_autofree char *written = NULL;

      if (signal != NULL)
        {
          taken++;
          continue;
        }
      refused++;
      written = wherry_signal_write_problem (&problem);
      g_assert_true (wherry_json_scan (written, strlen (written), &limits, NULL, NULL));
    }
  g_assert_cmpuint (taken, >, 0);
  g_assert_cmpuint (refused, >, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal/join", test_join);
  g_test_add_func ("/signal/join-channels", test_join_channels);
  g_test_add_func ("/signal/room-names", test_rooms);
  g_test_add_func ("/signal/bad-join", test_bad_join);
  g_test_add_func ("/signal/channels", test_channels);
  g_test_add_func ("/signal/bad-channels", test_bad_channels);
  g_test_add_func ("/signal/descriptions", test_descriptions);
  g_test_add_func ("/signal/candidates", test_candidates);
  g_test_add_func ("/signal/signal-passes-bytes-on", test_signal);
  g_test_add_func ("/signal/msg-passes-bytes-on", test_msg);
  g_test_add_func ("/signal/msg-from-cannot-be-spoofed", test_msg_from);
  g_test_add_func ("/signal/ping-and-leave", test_ping_and_leave);
  g_test_add_func ("/signal/bad-frames", test_frames);
  g_test_add_func ("/signal/problem-says-what-it-answers", test_problem);
  g_test_add_func ("/signal/refuses-every-prefix", test_prefixes);
  g_test_add_func ("/signal/mutations", test_mutations);
  return g_test_run ();
}
