/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

/* What is written, and how a client reads what a server says. */

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-mutate.h"
#include "wire/wherry-signal.h"

#define PEER "0123456789abcdef"
#define OTHER "fedcba9876543210"

/* text: (transfer full) */
static WherrySignal *
hear (char *text)
{
  gsize length = strlen (text);
  g_autofree guint8 *copy = wherry_exact_copy (text, length);
  g_autoptr (GError) error = NULL;
  WherrySignal *signal = wherry_signal_parse_server ((const char *) copy, length, &error);

  g_assert_no_error (error);
  g_assert_null (strchr (text, '\n'));
  g_free (text);
  return signal;
}

/* text: (transfer full) */
static WherrySignal *
say (char *text)
{
  gsize length = strlen (text);
  g_autofree guint8 *copy = wherry_exact_copy (text, length);
  g_auto (WherrySignalProblem) problem = { 0 };
  WherrySignal *signal = wherry_signal_parse_client ((const char *) copy, length, &problem);

  g_assert_cmpstr (problem.message, ==, NULL);
  g_assert_null (strchr (text, '\n'));
  g_free (text);
  return signal;
}

static void
test_joined (void)
{
  static const char *const urls[] = { "stun:127.0.0.1:3478", "turn:127.0.0.1:3478", NULL };
  static const char *const features[] = { "mirror", "signal", NULL };
  const WherrySignalMemberRef members[]
      = { { OTHER, "n\n\"", "{\"a\": [1e400, {}]}" }, { PEER, NULL, NULL } };
  const WherrySignalIceServerRef servers[] = { { urls, "u", "c" }, { urls, NULL, NULL } };
  const WherrySignalJoined joined = {
    .tid = "\"t\"",
    .peer = PEER,
    .room = "r\xc3\xa4",
    .members = members,
    .n_members = 2,
    .more = TRUE,
    .ice_servers = servers,
    .n_ice_servers = 2,
    .max_message_size = 262144,
    .features = features,
  };
  g_autoptr (WherrySignal) signal = hear (wherry_signal_write_joined (&joined));
  const WherrySignalMember *member = g_ptr_array_index (signal->members, 0);
  const WherrySignalIceServer *server = g_ptr_array_index (signal->ice_servers, 0);

  g_assert_cmpint (signal->type, ==, WHERRY_SIGNAL_JOINED);
  g_assert_cmpstr (signal->tid, ==, "\"t\"");
  g_assert_cmpstr (signal->peer, ==, PEER);
  g_assert_cmpstr (signal->room, ==, "r\xc3\xa4");
  g_assert_cmpuint (signal->members->len, ==, 2);
  g_assert_cmpstr (member->peer, ==, OTHER);
  g_assert_cmpstr (member->name, ==, "n\n\"");
  g_assert_cmpstr (member->attributes, ==, "{\"a\": [1e400, {}]}");
  member = g_ptr_array_index (signal->members, 1);
  g_assert_null (member->attributes);
  g_assert_null (member->name);
  g_assert_true (signal->more);
  g_assert_cmpuint (signal->ice_servers->len, ==, 2);
  g_assert_cmpstrv (server->urls, urls);
  g_assert_cmpstr (server->username, ==, "u");
  g_assert_cmpstr (server->credential, ==, "c");
  g_assert_cmpuint (signal->max_message_size, ==, 262144);
  g_assert_cmpstrv (signal->features, features);
}

static void
test_joined_least (void)
{
  const WherrySignalJoined joined = { .peer = PEER, .room = "r" };
  g_autofree char *text = wherry_signal_write_joined (&joined);
  g_autoptr (WherrySignal) bare = hear (
      g_strdup ("{\"type\":\"joined\",\"peer\":\"" PEER "\",\"room\":\"r\",\"members\":[]}"));
  g_autoptr (WherrySignal) url
      = hear (g_strdup ("{\"type\":\"joined\",\"peer\":\"" PEER "\",\"room\":\"r\",\"members\":[],"
                        "\"iceServers\":[{\"urls\":\"stun:x\"}]}"));
  const WherrySignalIceServer *server = g_ptr_array_index (url->ice_servers, 0);

  g_assert_cmpstr (text, ==,
                   "{\"type\":\"joined\",\"peer\":\"" PEER "\",\"room\":\"r\",\"members\":[],"
                   "\"more\":false,\"iceServers\":[],\"maxMessageSize\":0,\"features\":[]}");
  g_assert_cmpuint (bare->ice_servers->len, ==, 0);
  g_assert_cmpuint (bare->max_message_size, ==, WHERRY_MAX_MESSAGE_SIZE_DEFAULT);
  g_assert_cmpstr (server->urls[0], ==, "stun:x");
}

#define news(...)                                                                                  \
  hear (wherry_signal_write_news (&(WherrySignalNews){ .peer = OTHER, __VA_ARGS__ }))

static void
test_presence (void)
{
  const WherrySignalMemberRef members[] = { { OTHER, "n", "{ }" } };
  g_autoptr (WherrySignal) list = hear (wherry_signal_write_members (members, 1, FALSE));
  g_autoptr (WherrySignal) changed
      = news (.type = WHERRY_SIGNAL_MEMBER_CHANGED, .attributes = "{\"x\":\"]}\"}", .tid = "5");
  g_autoptr (WherrySignal) without = news (.type = WHERRY_SIGNAL_MEMBER_CHANGED);
  g_autoptr (WherrySignal) joined
      = news (.type = WHERRY_SIGNAL_MEMBER_JOINED, .name = "n", .attributes = "{ }");
  g_autoptr (WherrySignal) nameless = news (.type = WHERRY_SIGNAL_MEMBER_JOINED);
  g_autoptr (WherrySignal) gone
      = news (.type = WHERRY_SIGNAL_MEMBER_LEFT, .reason = WHERRY_LEAVE_REPLACED);
  g_autoptr (WherrySignal) away = news (.type = WHERRY_SIGNAL_MEMBER_AWAY);
  g_autoptr (WherrySignal) back = news (.type = WHERRY_SIGNAL_MEMBER_BACK);
  g_autoptr (WherrySignal) left = hear (wherry_signal_write_left (WHERRY_LEAVE_SLOW, "3"));
  g_autoptr (WherrySignal) restart = hear (wherry_signal_write_restart ());

  g_assert_cmpint (list->type, ==, WHERRY_SIGNAL_MEMBERS);
  g_assert_cmpuint (list->members->len, ==, 1);
  g_assert_false (list->more);
  g_assert_cmpstr (joined->attributes, ==, "{ }");
  g_assert_null (nameless->attributes);
  g_assert_cmpint (changed->type, ==, WHERRY_SIGNAL_MEMBER_CHANGED);
  g_assert_cmpstr (changed->peer, ==, OTHER);
  g_assert_cmpstr (changed->attributes, ==, "{\"x\":\"]}\"}");
  g_assert_cmpstr (changed->tid, ==, "5");
  g_assert_null (without->attributes);
  g_assert_cmpint (joined->type, ==, WHERRY_SIGNAL_MEMBER_JOINED);
  g_assert_cmpstr (joined->peer, ==, OTHER);
  g_assert_cmpstr (joined->name, ==, "n");
  g_assert_null (nameless->name);
  g_assert_cmpint (gone->type, ==, WHERRY_SIGNAL_MEMBER_LEFT);
  g_assert_cmpint (gone->reason, ==, WHERRY_LEAVE_REPLACED);
  g_assert_cmpint (away->type, ==, WHERRY_SIGNAL_MEMBER_AWAY);
  g_assert_cmpint (back->type, ==, WHERRY_SIGNAL_MEMBER_BACK);
  g_assert_cmpint (left->type, ==, WHERRY_SIGNAL_LEFT);
  g_assert_cmpint (left->reason, ==, WHERRY_LEAVE_SLOW);
  g_assert_cmpstr (left->tid, ==, "3");
  g_assert_cmpint (restart->type, ==, WHERRY_SIGNAL_RESTART);
}

static void
test_descriptions (void)
{
  g_autoptr (WherrySignal) offer
      = hear (wherry_signal_write_description (WHERRY_SIGNAL_OFFER, "v=0\r\n", "\"a\""));
  g_autoptr (WherrySignal) answer
      = hear (wherry_signal_write_description (WHERRY_SIGNAL_ANSWER, "v=0", NULL));
  g_autoptr (WherrySignal) candidate
      = hear (wherry_signal_write_candidate ("candidate:1", "0", 0, "u"));
  g_autofree char *end = wherry_signal_write_candidate (NULL, NULL, -1, NULL);
  g_autoptr (WherrySignal) heard = hear (g_strdup (end));

  g_assert_cmpint (offer->type, ==, WHERRY_SIGNAL_OFFER);
  g_assert_cmpstr (offer->sdp, ==, "v=0\r\n");
  g_assert_cmpstr (offer->tid, ==, "\"a\"");
  g_assert_cmpint (answer->type, ==, WHERRY_SIGNAL_ANSWER);
  g_assert_cmpstr (candidate->candidate, ==, "candidate:1");
  g_assert_cmpstr (candidate->sdp_mid, ==, "0");
  g_assert_cmpint (candidate->sdp_mline_index, ==, 0);
  g_assert_cmpstr (candidate->ufrag, ==, "u");
  g_assert_cmpstr (end, ==, "{\"type\":\"candidate\",\"candidate\":\"\"}");
  g_assert_null (heard->candidate);
}

static void
test_passed_on (void)
{
  static const char data[] = "{ \"x\":1e400}";
  static const char object[] = "{\"type\":\"msg\",\"x\":1e400}";
  g_autoptr (WherrySignal) signal
      = news (.type = WHERRY_SIGNAL_SIGNAL, .data = data, .length = strlen (data));
  g_autoptr (WherrySignal) msg
      = news (.type = WHERRY_SIGNAL_MSG, .data = object, .length = strlen (object));
  g_autoptr (WherrySignal) pong = hear (wherry_signal_write_pong ("[1]", 3, "\"q\""));

  g_assert_cmpstr (signal->from, ==, OTHER);
  g_assert_cmpmem (signal->data, signal->data_length, data, strlen (data));
  g_assert_cmpint (msg->type, ==, WHERRY_SIGNAL_MSG);
  g_assert_cmpstr (msg->from, ==, OTHER);
  g_assert_cmpstr (pong->data, ==, "[1]");
  g_assert_cmpstr (pong->tid, ==, "\"q\"");
}

static void
test_errors (void)
{
  g_autoptr (WherrySignal) error
      = hear (wherry_signal_write_error (WHERRY_SIGNAL_ERROR_ROOM_FULL, "full \xff", "join", "1"));
  g_autoptr (WherrySignal) later
      = hear (g_strdup ("{\"type\":\"error\",\"code\":\"of-a-later-version\",\"message\":\"\"}"));
  g_autofree char *notice
      = wherry_signal_write_notice (WHERRY_SIGNAL_ERROR_TOO_LARGE, "m", "chat", OTHER);
  g_autofree char *ack = wherry_signal_write_ack ("chat", 3, G_MAXUINT64);
  g_autoptr (WherrySignal) parsed = NULL;

  g_assert_cmpint (error->code, ==, WHERRY_SIGNAL_ERROR_ROOM_FULL);
  g_assert_cmpstr (error->message, ==, "full \xef\xbf\xbd");
  g_assert_cmpstr (error->ref, ==, "join");
  g_assert_cmpstr (error->tid, ==, "1");
  g_assert_cmpint (later->code, ==, WHERRY_SIGNAL_ERROR_INTERNAL);
  g_assert_null (later->ref);
  g_assert_cmpstr (notice, ==,
                   "{\"type\":\"error\",\"code\":\"too-large\",\"message\":\"m\","
                   "\"topic\":\"chat\",\"peer\":\"" OTHER "\"}");
  parsed = wherry_signal_parse_server (ack, strlen (ack), NULL);
  g_assert_cmpint (parsed->type, ==, WHERRY_SIGNAL_ACK);
  g_assert_cmpuint (wherry_signal_places_get (parsed->places, "chat")->accepted, ==, 3);
  g_assert_null (wherry_signal_parse_server ("{\"type\":\"ack\"}", 14, NULL));
  g_assert_cmpstr (
      ack, ==, "{\"type\":\"ack\",\"topic\":\"chat\",\"own\":3,\"sequence\":18446744073709551615}");
}

static void
test_client_writers (void)
{
  const WherrySignalChannel channels[] = {
    { .label = (char *) "a", .protocol = (char *) "p", .id = 1, .ordered = TRUE },
    { .label = (char *) "b", .id = 2, .reliability = WHERRY_DCEP_REXMIT, .value = 3 },
    { .label = (char *) "c", .id = 3, .reliability = WHERRY_DCEP_TIMED, .value = 40 },
  };
  const char *const opens[] = { "chat", "b", NULL };
  const WherrySignalJoin full = {
    .room = "r",
    .name = "n",
    .token = "t",
    .no_mirror = TRUE,
    .addressed = TRUE,
    .opens = opens,
    .tid = "\"1\"",
  };
  g_autoptr (WherrySignal) join = say (wherry_signal_write_join (&full));
  g_autoptr (WherrySignal) least
      = say (wherry_signal_write_join (&(WherrySignalJoin){ .room = "r" }));
  g_autoptr (WherrySignal) offer = say (wherry_signal_write_offer ("v=0", channels, 3, NULL));
  g_autoptr (WherrySignal) call = say (wherry_signal_write_call (NULL, 0, "4"));
  g_autoptr (WherrySignal) empty = say (wherry_signal_write_call (channels, 0, NULL));
  g_autoptr (WherrySignal) to = say (wherry_signal_write_signal_to (OTHER, "[]", 2, NULL));
  g_autoptr (WherrySignal) leave = say (wherry_signal_write_leave (NULL));
  g_autoptr (WherrySignal) ping = say (wherry_signal_write_ping ("7", 1, NULL));
  const WherrySignalChannel *channel = g_ptr_array_index (offer->channels, 1);

  g_assert_cmpstr (join->room, ==, "r");
  g_assert_cmpstr (join->name, ==, "n");
  g_assert_true (g_strv_equal ((const char *const *) join->opens, opens));
  g_assert_null (least->opens);
  g_assert_true (join->addressed);
  g_assert_false (join->resumable);
  g_assert_false (least->addressed);
  g_assert_cmpstr (join->token, ==, "t");
  g_assert_false (join->mirror);
  g_assert_cmpstr (join->tid, ==, "\"1\"");
  g_assert_true (least->mirror);
  g_assert_null (least->token);
  g_assert_cmpuint (offer->channels->len, ==, 3);
  g_assert_cmpint (channel->reliability, ==, WHERRY_DCEP_REXMIT);
  g_assert_cmpuint (channel->value, ==, 3);
  g_assert_false (channel->ordered);
  channel = g_ptr_array_index (offer->channels, 2);
  g_assert_cmpint (channel->reliability, ==, WHERRY_DCEP_TIMED);
  g_assert_cmpuint (channel->value, ==, 40);
  g_assert_null (call->channels);
  g_assert_cmpuint (empty->channels->len, ==, 0);
  g_assert_cmpstr (to->to, ==, OTHER);
  g_assert_cmpint (leave->type, ==, WHERRY_SIGNAL_LEAVE);
  g_assert_cmpstr (ping->data, ==, "7");
}

static void
test_refuses (void)
{
  static const char *const bad[] = {
    "{}",
    "{\"type\":\"joined\",\"peer\":\"x\",\"room\":\"r\",\"members\":[]}",
    "{\"type\":\"joined\",\"peer\":\"" PEER "\",\"room\":\"r\"}",
    "{\"type\":\"joined\",\"peer\":\"" PEER "\",\"room\":\"r\",\"members\":[1]}",
    "{\"type\":\"joined\",\"peer\":\"" PEER "\",\"room\":\"r\",\"members\":[{}]}",
    "{\"type\":\"members\",\"members\":[{\"peer\":\"" PEER "\",\"attributes\":[]}]}",
    "{\"type\":\"member-changed\",\"peer\":\"" PEER "\",\"attributes\":5}",
    "{\"type\":\"joined\",\"peer\":\"" PEER "\",\"room\":\"r\",\"members\":[],"
    "\"iceServers\":[{\"urls\":[1]}]}",
    "{\"type\":\"joined\",\"peer\":\"" PEER "\",\"room\":\"r\",\"members\":[],\"features\":[{}]}",
    "{\"type\":\"left\",\"reason\":\"bored\"}",
    "{\"type\":\"left\"}",
    "{\"type\":\"member-left\",\"reason\":\"left\"}",
    "{\"type\":\"msg\"}",
    "{\"type\":\"msg\",\"from\":7}",
    "{\"type\":\"signal\",\"from\":\"" PEER "\"}",
    "{\"type\":\"error\",\"code\":\"internal\"}",
    "{\"type\":\"offer\"}",
    "{\"type\":\"pong\",\"tid\":[]}",
  };
  static const char *const unknown[]
      = { "{\"type\":\"later\"}", "{\"type\":\"join\"}", "{\"type\":\"ping\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (wherry_signal_parse_server (bad[i], strlen (bad[i]), &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (wherry_signal_parse_server (unknown[i], strlen (unknown[i]), &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED);
    }
}

static void
test_names (void)
{
  WherryLeaveReason reason;
  WherrySignalError code;

  for (guint i = 0; i <= WHERRY_LEAVE_SHUTDOWN; i++)
    {
      g_assert_true (wherry_leave_reason_from_string (wherry_leave_reason_to_string (i), &reason));
      g_assert_cmpint (reason, ==, (int) i);
    }
  for (guint i = 1; i <= WHERRY_SIGNAL_ERROR_INTERNAL; i++)
    {
      g_assert_true (wherry_signal_error_from_string (wherry_signal_error_to_string (i), &code));
      g_assert_cmpint (code, ==, (int) i);
    }
  g_assert_cmpstr (wherry_leave_reason_to_string (WHERRY_LEAVE_SLOW), ==, "slow");
  g_assert_cmpstr (wherry_signal_error_to_string (WHERRY_SIGNAL_ERROR_SHUTTING_DOWN), ==,
                   "shutting-down");
  g_assert_cmpstr (wherry_signal_error_to_string (WHERRY_SIGNAL_ERROR_NONE), ==, "internal");
  g_assert_false (wherry_leave_reason_from_string ("Slow", &reason));
  g_assert_false (wherry_leave_reason_from_string (NULL, &reason));
  g_assert_false (wherry_signal_error_from_string (NULL, &code));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-server/joined", test_joined);
  g_test_add_func ("/signal-server/joined-with-least", test_joined_least);
  g_test_add_func ("/signal-server/presence", test_presence);
  g_test_add_func ("/signal-server/descriptions", test_descriptions);
  g_test_add_func ("/signal-server/passes-bytes-on", test_passed_on);
  g_test_add_func ("/signal-server/errors", test_errors);
  g_test_add_func ("/signal-server/client-writers", test_client_writers);
  g_test_add_func ("/signal-server/refuses", test_refuses);
  g_test_add_func ("/signal-server/names", test_names);
  return g_test_run ();
}
