/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "signaling/wherry-server-fixture.h"

/* What of data/docs/protocol.md section 2 needs a clock or a relay that fails;
 * tests/daemon/test-protocol-http.py goes through the rest. */

#define SDP_HEAD(ufrag, pwd)                                                                       \
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"                        \
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"            \
  "a=ice-ufrag:" ufrag "\r\na=ice-pwd:" pwd "\r\na=sctp-port:5000\r\na=fingerprint:sha-256 "       \
  "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:"  \
  "AB"                                                                                             \
  "\r\n"
#define OFFER SDP_HEAD ("abcd", "abcdefghijklmnopqrstuvwx") "a=setup:actpass\r\n"
#define ANSWER SDP_HEAD ("srvr", "serverserverserverserver") "a=setup:active\r\n"
#define ANSWER_AGAIN SDP_HEAD ("next", "nextnextnextnextnextnext") "a=setup:active\r\n"
#define CANDIDATE "candidate:1 1 udp 2130706431 127.0.0.1 41000 typ host"
#define RESTART                                                                                    \
  "a=ice-ufrag:efgh\r\na=ice-pwd:efghijklmnopqrstuvwxabcd\r\n"                                     \
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\na=end-of-candidates\r\n"

static RawClient *
ask (ServerFixture *f, const char *method, const char *path, const char *headers, const char *body)
{
  RawClient *client = wherry_raw_client_new (f->port);
  g_autofree char *text
      = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %zu\r\n%s\r\n%s",
                         method, path, f->port, strlen (body), headers, body);

  wherry_raw_client_send (client, text, strlen (text));
  return client;
}

static RawClient *
offer (ServerFixture *f, const char *headers)
{
  g_autofree char *all = g_strconcat ("Content-Type: application/sdp\r\n", headers, NULL);

  return ask (f, "POST", "/rooms/r/members?name=Ann", all, OFFER);
}

/* All that came until the server ended it. (transfer full) */
static char *
answer_of (RawClient *client)
{
  wherry_raw_client_wait_eof (client);
  return g_strndup ((const char *) client->in->data, client->in->len);
}

static void
has (const char *answer, const char *part)
{
  if (strstr (answer, part) == NULL)
    g_error ("expected “%s” in:\n%s", part, answer);
}

static void
answers (RawClient *client, guint status, const char *part)
{
  g_autofree char *answer = answer_of (client);
  g_autofree char *start = g_strdup_printf ("HTTP/1.1 %u ", status);

  if (!g_str_has_prefix (answer, start))
    g_error ("expected %u, got:\n%s", status, answer);
  has (answer, part);
}

/* Until the relay was asked for the n-th member. */
static WherryRelayMember *
wait_member (ServerFixture *f, RawClient *client, guint n)
{
  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_raw_client_turn (client);
                       wherry_fake_relay_member (f->relay, n) != NULL;
                     }));
  return wherry_fake_relay_member (f->relay, n);
}

static char *
header_of (const char *answer, const char *name)
{
  g_autofree char *start = g_strconcat ("\r\n", name, ": ", NULL);
  const char *found = strstr (answer, start);

  g_assert_nonnull (found);
  found += strlen (start);
  return g_strndup (found, strcspn (found, "\r"));
}

/* A member whose first answer has come; location, etag: (out) (transfer full) */
static WherryRelayMember *
join (ServerFixture *f, guint n, char **location, char **etag)
{
  g_autoptr (RawClient) client = offer (f, "");
  WherryRelayMember *member = wait_member (f, client, n);
  g_autofree char *answer = NULL;

  wherry_fake_member_describe (member, WHERRY_SDP_ANSWER, ANSWER);
  wherry_fake_member_candidate (member, CANDIDATE);
  wherry_fake_member_end_candidates (member);
  answer = answer_of (client);
  has (answer, "HTTP/1.1 201 ");
  has (answer, "a=" CANDIDATE "\r\na=end-of-candidates\r\n");
  *location = header_of (answer, "Location");
  *etag = header_of (answer, "ETag");
  return member;
}

static void
logged (ServerFixture *f, const char *part)
{
  g_autofree char *log = wherry_fake_relay_take_log (f->relay);

  if (strstr (log, part) == NULL)
    g_error ("expected “%s” in:\n%s", part, log);
}

static void
test_join (ServerFixture *f, gconstpointer data)
{
  g_autofree char *location = NULL;
  g_autofree char *etag = NULL;
  g_autoptr (RawClient) client = NULL;
  WherryRelayMember *member = join (f, 0, &location, &etag);

  logged (f, "join r name=Ann mirror=1\n");
  wherry_fake_member_candidate (member, CANDIDATE); /* too late to be told */
  client = ask (f, "DELETE", location, "", "");
  answers (client, 200, "\r\n\r\nleft\n");
  logged (f, "leave left");
  g_assert_cmpuint (wherry_fake_relay_get_n_members (f->relay), ==, 0);
}

static void
test_channels (ServerFixture *f, gconstpointer data)
{
  g_autoptr (RawClient) client
      = offer (f, "Wherry-Channels: [{\"label\":\"a\",\"id\":4,\"maxRetransmits\":2}]\r\n");
  WherryRelayMember *member = wait_member (f, client, 0);

  logged (f, "offer [a id=4 ordered=1 r=1/2 protocol=]");
  wherry_relay_member_leave (member, WHERRY_LEAVE_TIMEOUT);
  answers (client, 404, "Wherry-Error: no-such-member");
}

/* A server of candidates that never answers holds up nobody for longer than it may. */
static void
test_gather_wait (ServerFixture *f, gconstpointer data)
{
  g_autoptr (RawClient) client = offer (f, "");
  WherryRelayMember *member = wait_member (f, client, 0);
  g_autofree char *answer = NULL;

  wherry_fake_member_describe (member, WHERRY_SDP_ANSWER, ANSWER);
  wherry_fake_member_candidate (member, CANDIDATE);
  wherry_virtual_clock_advance (f->clock, WHERRY_HTTP_GATHER_WAIT_US - 1);
  wherry_raw_client_turn (client);
  g_assert_cmpuint (client->in->len, ==, 0);
  wherry_virtual_clock_advance (f->clock, 1);
  answer = answer_of (client);
  has (answer, "HTTP/1.1 201 ");
  has (answer, "a=" CANDIDATE "\r\n");
  g_assert_null (strstr (answer, "end-of-candidates"));
  wherry_relay_member_leave (member, WHERRY_LEAVE_FAILED);
}

static void
test_refused (ServerFixture *f, gconstpointer data)
{
  static const struct
  {
    int code;
    guint status;
    const char *part;
  } rows[] = {
    { WHERRY_ERROR_PROTOCOL, 400, "\r\n\r\nthe words\n" },
    { WHERRY_ERROR_RESOURCES, 503, "Retry-After: " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (RawClient) client = offer (f, "");

      wherry_fake_member_refuse (wait_member (f, client, i), WHERRY_PEER_OFFER, rows[i].code,
                                 "the words");
      answers (client, rows[i].status, rows[i].part);
      logged (f, "leave failed");
    }
}

static void
test_codes (ServerFixture *f, gconstpointer data)
{
  static const struct
  {
    WherrySignalError code;
    guint status;
    const char *part;
  } rows[] = {
    { WHERRY_SIGNAL_ERROR_ROOM_FULL, 409, "Wherry-Error: room-full" },
    { WHERRY_SIGNAL_ERROR_SERVER_FULL, 503, "Retry-After: " },
    { WHERRY_SIGNAL_ERROR_SHUTTING_DOWN, 503, "Retry-After: " },
    { WHERRY_SIGNAL_ERROR_RATE_LIMITED, 429, "Retry-After: " },
    { WHERRY_SIGNAL_ERROR_FORBIDDEN, 403, "WWW-Authenticate: Bearer" },
    { WHERRY_SIGNAL_ERROR_UNAUTHORIZED, 401, "WWW-Authenticate: Bearer" },
    { WHERRY_SIGNAL_ERROR_TOO_LARGE, 413, "Wherry-Error: too-large" },
    { WHERRY_SIGNAL_ERROR_INTERNAL, 500, "Wherry-Error: internal" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (RawClient) client = NULL;
      g_autoptr (RawClient) topic = NULL;

      wherry_fake_relay_fail_next (f->relay, rows[i].code);
      client = offer (f, "");
      answers (client, rows[i].status, rows[i].part);
      wherry_fake_relay_fail_next (f->relay, rows[i].code);
      topic = ask (f, "POST", "/rooms/r/topics/t", "", "x");
      answers (topic, rows[i].status, rows[i].part);
    }
}

static void
test_restart (ServerFixture *f, gconstpointer data)
{
  g_autofree char *location = NULL;
  g_autofree char *etag = NULL;
  g_autofree char *headers = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *new_etag = NULL;
  WherryRelayMember *member = join (f, 0, &location, &etag);
  g_autoptr (RawClient) first = NULL;
  g_autoptr (RawClient) second = NULL;
  g_autoptr (RawClient) third = NULL;

  headers
      = g_strdup_printf ("Content-Type: application/trickle-ice-sdpfrag\r\nIf-Match: %s\r\n", etag);
  g_free (wherry_fake_relay_take_log (f->relay));
  first = ask (f, "PATCH", location, headers, RESTART);
  WHERRY_WAIT_UNTIL (NULL, ({
                       g_autofree char *log = NULL;

                       wherry_raw_client_turn (first);
                       log = wherry_fake_relay_take_log (f->relay);
                       strstr (log, "offer") != NULL;
                     }));
  second = ask (f, "PATCH", location, headers, "a=end-of-candidates\r\n");
  answers (second, 409, "Wherry-Error: already-joined"); /* one at a time */
  wherry_fake_member_describe (member, WHERRY_SDP_ANSWER, ANSWER_AGAIN);
  wherry_fake_member_candidate (member, CANDIDATE);
  wherry_fake_member_end_candidates (member);
  answer = answer_of (first);
  has (answer, "HTTP/1.1 200 ");
  has (answer, "a=ice-ufrag:next\r\na=ice-pwd:nextnextnextnextnextnext\r\n");
  has (answer, "a=" CANDIDATE "\r\na=end-of-candidates\r\n");
  new_etag = header_of (answer, "ETag");
  g_assert_cmpstr (new_etag, !=, etag);

  /* one that is refused changes nothing */
  third = ask (f, "PATCH", location,
               "Content-Type: application/trickle-ice-sdpfrag\r\nIf-Match: *\r\n",
               "a=ice-ufrag:wxyz\r\na=ice-pwd:wxyzefghijklmnopqrstuvwx\r\n");
  WHERRY_WAIT_UNTIL (NULL, ({
                       g_autofree char *log = NULL;

                       wherry_raw_client_turn (third);
                       log = wherry_fake_relay_take_log (f->relay);
                       strstr (log, "offer") != NULL;
                     }));
  wherry_fake_member_refuse (member, WHERRY_PEER_OFFER, WHERRY_ERROR_RESOURCES, "");
  answers (third, 503, "Retry-After: ");
  g_assert_cmpuint (wherry_fake_relay_get_n_members (f->relay), ==, 1);
  wherry_relay_member_leave (member, WHERRY_LEAVE_FAILED);
}

static void
test_notices (ServerFixture *f, gconstpointer data)
{
  g_autofree char *location = NULL;
  g_autofree char *etag = NULL;
  WherryRelayMember *member = join (f, 0, &location, &etag);
  g_autoptr (RawClient) early = wherry_raw_client_new_websocket (f->port);
  g_autoptr (RawClient) late = wherry_raw_client_new_websocket (f->port);
  g_autofree char *log = NULL;

  wherry_raw_client_say (early, "{\"type\":\"join\",\"room\":\"r\",\"name\":\"Eve\"}");
  wherry_raw_client_hears (early, "\"joined\"");
  log = wherry_fake_relay_take_log (f->relay);
  g_assert_null (strstr (log, "notice")); /* not before it is open */
  wherry_fake_member_open_notices (member);
  logged (f, "notice {\"type\":\"joined\"");
  wherry_raw_client_say (late, "{\"type\":\"join\",\"room\":\"r\",\"name\":\"Lea\"}");
  wherry_raw_client_hears (late, "\"joined\"");
  logged (f, "\"name\":\"Lea\"");
  wherry_raw_client_say (late, "{\"type\":\"msg\",\"x\":1}");
  wherry_raw_client_hears (late, "\"msg\"");
  logged (f, "notice {\"type\":\"msg\",\"x\":1");
  wherry_fake_member_lose_address (member);
  logged (f, "notice {\"type\":\"restart\"}");
  wherry_raw_client_say (late, "{\"type\":\"leave\"}");
  wherry_raw_client_hears (late, "\"left\"");
  logged (f, "notice {\"type\":\"member-left\"");
  wherry_relay_member_leave (member, WHERRY_LEAVE_KICKED);
  logged (f, "notice last {\"type\":\"left\",\"reason\":\"kicked\"}");
}

static void
test_topics (ServerFixture *f, gconstpointer data)
{
  g_autoptr (RawClient) text
      = ask (f, "POST", "/rooms/r/topics/a/b", "Content-Type: Text/Plain; charset=UTF-8\r\n", "hi");
  g_autoptr (RawClient) json
      = ask (f, "POST", "/rooms/r/topics/t", "Content-Type: application/json\r\n", "1");
  g_autoptr (RawClient) binary = ask (f, "POST", "/rooms/r/topics/t", "", "");

  answers (text, 202, "Content-Length: 0");
  answers (json, 202, "Content-Length: 0");
  answers (binary, 202, "Content-Length: 0");
  logged (f, "publish r/a/b text “hi”\npublish r/t text “1”\npublish r/t binary “”\n");
}

static void
test_kick (ServerFixture *f, gconstpointer data)
{
  g_autofree char *location = NULL;
  g_autofree char *etag = NULL;
  WherryRelayMember *member = join (f, 0, &location, &etag);
  g_autofree char *path
      = g_strdup_printf ("/rooms/r/members/%s?ban=30", wherry_relay_member_get_id (member));
  g_autoptr (RawClient) client = ask (f, "DELETE", path, "", "");

  answers (client, 200, "\r\n\r\nbanned\n");
  logged (f, "ban 30 s");
}

/* What is not complete in time ends, and so does what the server itself is too slow for. */
static void
test_slow_body (ServerFixture *f, gconstpointer data)
{
  guint64 before = wherry_counter_get (WHERRY_COUNTER_SOCKETS_REFUSED);
  g_autoptr (RawClient) slow = wherry_raw_client_new (f->port);
  g_autofree char *head
      = g_strdup_printf ("POST /rooms/r/members HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                         "Content-Type: application/sdp\r\nContent-Length: 60000\r\n\r\nv=0\r\n",
                         f->port);
  guint n = 0;

  wherry_raw_client_send (slow, head, strlen (head));
  for (; !slow->eof && n < 200; n++)
    {
      wherry_virtual_clock_advance (f->clock, 100 * G_TIME_SPAN_MILLISECOND);
      if (n < 90)
        wherry_raw_client_send (slow, "a", 1); /* it does send */
      else
        wherry_raw_client_turn (slow);
    }
  g_assert_true (slow->eof);
  g_assert_cmpuint (n, >, 90);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SOCKETS_REFUSED), ==, before + 1);
  g_assert_cmpuint (wherry_fake_relay_get_n_members (f->relay), ==, 0);
}

/* Bodies that are on their way count as messages do. */
static void
test_budget (ServerFixture *f, gconstpointer data)
{
  WherryBudget *budget = wherry_relay_hub_get_budget (f->relay);
  gsize limit = wherry_budget_get_limit (budget);
  g_autoptr (RawClient) half = wherry_raw_client_new (f->port);
  g_autoptr (RawClient) late = NULL;
  g_autofree char *body = g_strnfill (4000, 'a');
  g_autofree char *text
      = g_strdup_printf ("POST /rooms/r/topics/t HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                         "Content-Length: 5000\r\n\r\n%s",
                         f->port, body);

  wherry_raw_client_send (half, text, strlen (text));
  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_raw_client_turn (half);
                       wherry_budget_get_used (budget) == 4000;
                     }));
  wherry_budget_charge (budget, limit - 4000);
  late = ask (f, "POST", "/rooms/r/topics/t", "", "x");
  answers (late, 503, "Wherry-Error: server-full");
  wherry_budget_release (budget, limit - 4000);
  wherry_raw_client_send (half, body, 1000);
  answers (half, 202, "Content-Length: 0");
  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_raw_client_turn (half);
                       wherry_budget_get_used (budget) == 0;
                     }));
}

/* A client that does not wait for its answer; and a server that ends before there is one. */
static void
test_gone (ServerFixture *f, gconstpointer data)
{
  RawClient *client = offer (f, "");
  WherryRelayMember *member = wait_member (f, client, 0);
  g_autoptr (RawClient) waits = NULL;

  wherry_raw_client_free (client);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  wherry_fake_member_describe (member, WHERRY_SDP_ANSWER, ANSWER);
  wherry_fake_member_end_candidates (member);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  wherry_relay_member_leave (member, WHERRY_LEAVE_TIMEOUT);

  waits = offer (f, "");
  wait_member (f, waits, 1);
  server_end (f);
  logged (f, "detach");
}

static void
test_draining (ServerFixture *f, gconstpointer data)
{
  g_autofree char *location = NULL;
  g_autofree char *etag = NULL;
  WherryRelayMember *member = join (f, 0, &location, &etag);
  g_autoptr (RawClient) client = wherry_raw_client_new (f->port);
  g_autofree char *text
      = g_strdup_printf ("POST /rooms/r/members HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                         "Content-Type: application/sdp\r\nContent-Length: 0\r\n\r\n",
                         f->port);

  wherry_raw_client_send (client, text, 4); /* connected before */
  wherry_signaling_server_drain (f->server);
  wherry_raw_client_send (client, text + 4, strlen (text) - 4);
  answers (client, 503, "Wherry-Error: shutting-down");
  wherry_relay_member_leave (member, WHERRY_LEAVE_SHUTDOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/http-rooms/" path, ServerFixture, NULL, server_set_up, func, server_tear_down)
  ADD ("join", test_join);
  ADD ("channels", test_channels);
  ADD ("gather-wait", test_gather_wait);
  ADD ("refused", test_refused);
  ADD ("codes", test_codes);
  ADD ("restart", test_restart);
  ADD ("notices", test_notices);
  ADD ("topics", test_topics);
  ADD ("kick", test_kick);
  ADD ("slow-body", test_slow_body);
  ADD ("budget", test_budget);
  ADD ("gone", test_gone);
  ADD ("draining", test_draining);
  return g_test_run ();
}
