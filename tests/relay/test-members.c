/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"

/* Rooms and members as signaling sees them. */

static void
set_up (RelayFixture *self, gconstpointer data)
{
  relay_fixture_init (self, NULL, FALSE);
}

static void
tear_down (RelayFixture *self, gconstpointer data)
{
  relay_fixture_clear (self);
}

static void
append_name (const WherrySignalMemberRef *member, gpointer data)
{
  g_string_append_printf (data, "%s ", member->name);
}

static void
test_presence (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_join (self, "room", "ann", TRUE);
  TestClient *bob = test_client_join (self, "room", "bob", TRUE);
  TestClient *eve = test_client_join (self, "other", "eve", TRUE);
  TestClient *cid = test_client_join (self, "room", "cid", TRUE);
  g_autoptr (GString) others = g_string_new (NULL);

  g_assert_cmpstr (wherry_relay_member_get_room (bob->member), ==, "room");
  g_assert_cmpstr (wherry_relay_member_get_name (bob->member), ==, "bob");
  g_assert_cmpuint (strspn (bob->id, "0123456789abcdef"), ==, 16);
  wherry_relay_member_foreach_other (bob->member, append_name, others);
  g_assert_cmpstr (others->str, ==, "ann cid ");

  wherry_relay_member_leave (bob->member, WHERRY_LEAVE_KICKED);
  g_assert_true (bob->left);
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_KICKED);
  g_assert_cmpstr (ann->heard->str, ==, "+bob +cid -bob:kicked ");
  g_assert_cmpstr (cid->heard->str, ==, "-bob:kicked ");
  g_assert_cmpstr (bob->heard->str, ==, "+cid ");
  g_assert_cmpstr (eve->heard->str, ==, "");
}

static void
test_signal_and_msg (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_join (self, "room", "ann", TRUE);
  TestClient *bob = test_client_join (self, "room", "bob", TRUE);
  TestClient *eve = test_client_join (self, "other", "eve", TRUE);

  g_assert_true (wherry_relay_member_signal (ann->member, bob->id, "{}x", 2));
  g_assert_false (wherry_relay_member_signal (ann->member, eve->id, "{}", 2));
  g_assert_false (wherry_relay_member_signal (ann->member, "0000000000000000", "{}", 2));
  wherry_relay_member_msg (bob->member, "[1]x", 3);
  g_assert_cmpstr (ann->heard->str, ==, "+bob msg bob:[1] ");
  g_assert_cmpstr (bob->heard->str, ==, "signal ann:{} msg bob:[1] ");
  g_assert_cmpstr (eve->heard->str, ==, "");
}

static void
test_room_names (RelayFixture *self, gconstpointer data)
{
  g_autofree char *longest = g_strnfill (WHERRY_ROOM_NAME_MAX, 'r');
  g_autofree char *too_long = g_strnfill (WHERRY_ROOM_NAME_MAX + 1, 'r');
  const char *bad[] = { "", "a/b", "a\nb", "a\x7f", "\xff\xfe", too_long };
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_JOINS_REFUSED);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;

      g_assert_null (test_client_try_join (self, bad[i], "x", TRUE, &code));
      g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_BAD_ROOM);
    }
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_JOINS_REFUSED), ==,
                    refused + G_N_ELEMENTS (bad));
  test_client_join (self, longest, "x", TRUE);
  test_client_join (self, "käse ☕", "x", TRUE);
}

static void
test_limits (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  RelayFixture self;

  config->members_per_room = 2;
  config->max_peers = 3;
  relay_fixture_init (&self, config, FALSE);
  test_client_join (&self, "a", "1", TRUE);
  test_client_join (&self, "a", "2", TRUE);
  g_assert_null (test_client_try_join (&self, "a", "3", TRUE, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_ROOM_FULL);
  test_client_join (&self, "b", "3", TRUE);
  g_assert_null (test_client_try_join (&self, "b", "4", TRUE, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_SERVER_FULL);
  relay_fixture_clear (&self);
}

/* Joins stop before the descriptors do. */
static void
test_descriptors (void)
{
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  struct rlimit saved;
  struct rlimit limit;
  RelayFixture self;
  guint n = 0;

  getrlimit (RLIMIT_NOFILE, &saved);
  limit = saved;
  limit.rlim_cur = 200;
  setrlimit (RLIMIT_NOFILE, &limit);
  relay_fixture_init (&self, NULL, FALSE);
  while (n < 200 && test_client_try_join (&self, "room", "x", TRUE, &code) != NULL)
    n++;
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_SERVER_FULL);
  g_assert_cmpuint (n, >, 5);
  g_assert_cmpuint (n, <=, (200 - WHERRY_FDS_RESERVE) / WHERRY_FDS_PER_PEER);
  relay_fixture_clear (&self);
  setrlimit (RLIMIT_NOFILE, &saved);
}

static void
test_connect_limit (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_join (self, "room", "ann", TRUE);
  TestClient *bob = test_client_connect (self, "room", "bob");
  guint64 timeouts = wherry_counter_get (WHERRY_COUNTER_LEFT_TIMEOUT);

  wherry_virtual_clock_advance (self->clock, WHERRY_CONNECT_LIMIT_US - 1);
  relay_fixture_settle (self);
  g_assert_false (ann->left);
  wherry_virtual_clock_advance (self->clock, 1);
  relay_fixture_settle (self);
  g_assert_true (ann->left);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_TIMEOUT);
  g_assert_false (bob->left);
  g_assert_cmpstr (bob->heard->str, ==, "-ann:timeout ");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_LEFT_TIMEOUT), ==, timeouts + 1);
}

/* A peer is under way but never connects: the same, and its thread ends. */
static void
test_connect_limit_with_peer (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_join (self, "room", "ann", TRUE);
  WherryRelayStats stats;

  ann->options.unconnected = TRUE;
  test_client_start (ann);
  relay_fixture_settle (self);
  wherry_relay_hub_get_stats (self->relay, &stats);
  g_assert_cmpuint (stats.peers, ==, 1);
  g_assert_cmpuint (stats.connected, ==, 0);
  wherry_virtual_clock_advance (self->clock, WHERRY_CONNECT_LIMIT_US);
  relay_fixture_settle (self);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_TIMEOUT);
  wherry_relay_hub_get_stats (self->relay, &stats);
  g_assert_cmpuint (stats.peers, ==, 0);
}

static void
test_ends (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestClient *cid = test_client_connect (self, "room", "cid");
  WherryRelayStats stats;

  wherry_relay_hub_get_stats (self->relay, &stats);
  g_assert_cmpuint (stats.connected, ==, 3);
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (bob->end));
  relay_fixture_settle (self);
  g_assert_true (bob->left);
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_LEFT);
  wherry_fake_stream_end (cid->relay_end, WHERRY_TRANSPORT_FAILED, NULL);
  relay_fixture_settle (self);
  g_assert_cmpint (cid->reason, ==, WHERRY_LEAVE_FAILED);
  g_assert_cmpstr (ann->heard->str, ==, "+bob +cid -bob:left -cid:failed ");
  wherry_relay_hub_get_stats (self->relay, &stats);
  g_assert_cmpuint (stats.connected, ==, 1);
  g_assert_cmpuint (stats.peers, ==, 1);
  g_assert_cmpuint (stats.rooms, ==, 1);
}

/* The socket goes, the connection stays: the member too, silently. */
static void
test_detach (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestClient *cid = test_client_join (self, "room", "cid", TRUE);

  wherry_relay_member_detach (cid->member); /* nothing holds it */
  cid->member = NULL;
  g_assert_false (cid->left);
  g_assert_cmpstr (ann->heard->str, ==, "+bob +cid -cid:left ");
  wherry_relay_member_detach (bob->member);
  bob->member = NULL;
  relay_fixture_settle (self);
  g_assert_cmpstr (ann->heard->str, ==, "+bob +cid -cid:left ");

  g_string_truncate (bob->heard, 0);
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (bob->end));
  relay_fixture_settle (self);
  g_assert_cmpstr (ann->heard->str, ==, "+bob +cid -cid:left -bob:left ");
  g_assert_false (bob->left);
  g_assert_cmpstr (bob->heard->str, ==, "");
}

static guint
count_peers (RelayFixture *self)
{
  WherryRelayStats stats;

  wherry_relay_hub_get_stats (self->relay, &stats);
  return stats.peers;
}

static TestClient *
start_unconnected (RelayFixture *self, const char *name)
{
  TestClient *client = test_client_join (self, "room", name, TRUE);

  client->options.unconnected = TRUE;
  test_client_start (client);
  relay_fixture_settle (self);
  return client;
}

static void
detach (TestClient *client)
{
  wherry_relay_member_detach (client->member);
  client->member = NULL;
}

static void
take_answer (TestClient *client)
{
  static const char text[]
      = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
        "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 "
        "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
        "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
        "a=setup:active\r\na=sctp-port:5000\r\n";
  g_autoptr (GError) error = NULL;
  WherrySignalError code;
  WherrySdp *sdp = wherry_sdp_parse (WHERRY_SDP_ANSWER, text, strlen (text), &error);

  g_assert_no_error (error);
  wherry_relay_member_remote_description (client->member, sdp, NULL, 0, &code, &error);
  g_assert_no_error (error);
}

/* Its answer never came, and never will. */
static void
test_detach_without_descriptions (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = start_unconnected (self, "bob");

  g_assert_cmpuint (count_peers (self), ==, 2);
  detach (bob);
  g_assert_cmpstr (ann->heard->str, ==, "+bob -bob:left ");
  relay_fixture_settle (self);
  g_assert_cmpuint (count_peers (self), ==, 1);
  g_assert_false (bob->left);
}

/* It may still connect, for a while, but not for longer than if its socket were there. */
static void
test_detach_while_connecting (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = start_unconnected (self, "bob");
  TestClient *cid;

  take_answer (bob);
  detach (bob);
  relay_fixture_advance (self, WHERRY_DETACHED_LIMIT_US - 1);
  g_assert_cmpstr (ann->heard->str, ==, "+bob ");
  g_assert_cmpuint (count_peers (self), ==, 2);
  relay_fixture_advance (self, 1);
  g_assert_cmpstr (ann->heard->str, ==, "+bob -bob:timeout ");
  g_assert_cmpuint (count_peers (self), ==, 1);

  g_string_truncate (ann->heard, 0);
  cid = start_unconnected (self, "cid");
  take_answer (cid);
  relay_fixture_advance (self, WHERRY_CONNECT_LIMIT_US - 1);
  detach (cid);
  g_assert_cmpstr (ann->heard->str, ==, "+cid ");
  relay_fixture_advance (self, 1);
  g_assert_cmpstr (ann->heard->str, ==, "+cid -cid:timeout ");
}

/* It connects in time, and stays. */
static void
test_detach_then_connect (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = start_unconnected (self, "bob");

  take_answer (bob);
  detach (bob);
  wherry_fake_stream_connect (bob->end);
  relay_fixture_advance (self, WHERRY_CONNECT_LIMIT_US);
  g_assert_cmpstr (ann->heard->str, ==, "+bob ");
  g_assert_cmpuint (count_peers (self), ==, 2);
}

static void
test_shutdown_refuses (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_join (self, "room", "bob", TRUE);
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  gboolean done = FALSE;

  wherry_relay_hub_shutdown (self->relay, NULL, &done);
  g_assert_true (ann->left && bob->left);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_SHUTDOWN);
  g_assert_null (test_client_try_join (self, "room", "eve", TRUE, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_SHUTTING_DOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/relay/members/" path, RelayFixture, NULL, set_up, func, tear_down)
  ADD ("presence", test_presence);
  ADD ("signal-and-msg", test_signal_and_msg);
  ADD ("room-names", test_room_names);
  g_test_add_func ("/relay/members/limits", test_limits);
  g_test_add_func ("/relay/members/descriptors", test_descriptors);
  ADD ("connect-limit", test_connect_limit);
  ADD ("connect-limit-with-peer", test_connect_limit_with_peer);
  ADD ("ends", test_ends);
  ADD ("detach", test_detach);
  ADD ("detach-without-descriptions", test_detach_without_descriptions);
  ADD ("detach-while-connecting", test_detach_while_connecting);
  ADD ("detach-then-connect", test_detach_then_connect);
  ADD ("shutdown-refuses", test_shutdown_refuses);
  return g_test_run ();
}
