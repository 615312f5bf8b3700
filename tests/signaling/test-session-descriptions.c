/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "signaling/wherry-session-fixture.h"

static void
test_call_is_an_echo (SessionFixture *f, gconstpointer data)
{
  g_autofree char *answer = wherry_session_description ("answer", NULL);

  wherry_session_say (&f->a, "{\"type\":\"call\"}");
  wherry_session_relay_did (f,
                            "0000000000000001: join echo name=(null) mirror=1\n"
                            "0000000000000001: call [cat-noises id=0 ordered=1 r=0/0 protocol=]\n");
  wherry_session_hears_nothing (&f->a);
  wherry_fake_member_describe (wherry_fake_relay_member (f->relay, 0), WHERRY_SDP_OFFER, "v=0");
  wherry_session_hears (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=0\"}");
  wherry_fake_member_candidate (wherry_fake_relay_member (f->relay, 0), "candidate:1");
  wherry_session_hears (&f->a,
                        "{\"type\":\"candidate\",\"candidate\":\"candidate:1\",\"sdpMid\":\"0\","
                        "\"sdpMLineIndex\":0,\"usernameFragment\":\"abcd\"}");
  wherry_session_say (&f->a, answer);
  wherry_session_relay_did (f, "0000000000000001: answer\n");

  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"x\"}");
  wherry_session_hears_error (&f->a, "already-joined", "join", NULL);
}

static void
test_channels (SessionFixture *f, gconstpointer data)
{
  g_autofree char *offer = wherry_session_description ("offer", "[{\"label\":\"n\",\"id\":1000}]");

  wherry_session_say (&f->a, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_session_say (&f->a, "{\"type\":\"call\"}");
  wherry_session_say (
      &f->a, "{\"type\":\"call\",\"channels\":[{\"label\":\"x\",\"id\":4,\"ordered\":false,"
             "\"maxRetransmits\":0,\"protocol\":\"p\"},"
             "{\"label\":\"y\",\"id\":5,\"maxPacketLifeTime\":100}]}");
  wherry_session_say (&f->a, offer);
  wherry_session_relay_did (f, "0000000000000001: join r name=(null) mirror=1\n"
                               "0000000000000001: call\n"
                               "0000000000000001: call [x id=4 ordered=0 r=1/0 protocol=p]"
                               " [y id=5 ordered=1 r=2/100 protocol=]\n"
                               "0000000000000001: offer [n id=1000 ordered=1 r=0/0 protocol=]\n");
}

static void
test_too_many_channels (SessionFixture *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("{\"type\":\"call\",\"tid\":9,\"channels\":[");

  wherry_fake_relay_config (f->relay)->channels_per_member = 3;
  for (guint i = 0; i < 4; i++)
    g_string_append_printf (text, "%s{\"label\":\"c%u\",\"id\":%u}", i > 0 ? "," : "", i, i);
  g_string_append (text, "]}");
  wherry_session_say (&f->a, text->str);
  wherry_session_hears_error (&f->a, "too-large", "call", "9");
}

static void
test_tids_come_back (SessionFixture *f, gconstpointer data)
{
  g_autofree char *offer = wherry_session_description ("offer", NULL);
  g_autofree char *answer = wherry_session_description ("answer", NULL);
  WherryRelayMember *member;

  wherry_session_say (&f->a, offer); /* tid 7 */
  member = wherry_fake_relay_member (f->relay, 0);
  wherry_session_say (&f->a, offer);
  wherry_session_say (&f->a, "{\"type\":\"call\",\"tid\":\"c\"}");

  wherry_fake_member_describe (member, WHERRY_SDP_ANSWER, "v=1");
  wherry_session_hears (&f->a, "{\"type\":\"answer\",\"sdp\":\"v=1\",\"tid\":7}");
  wherry_fake_member_refuse (member, WHERRY_PEER_OFFER, WHERRY_ERROR_PROTOCOL, "does not fit");
  wherry_session_hears_error (&f->a, "bad-sdp", "offer", "7");
  wherry_fake_member_describe (member, WHERRY_SDP_OFFER, "v=2");
  wherry_session_hears (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=2\",\"tid\":\"c\"}");
  /* one that the relay makes by itself has none */
  wherry_fake_member_describe (member, WHERRY_SDP_OFFER, "v=3");
  wherry_session_hears (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=3\"}");

  /* the second answer is refused, the first and third are applied */
  for (guint i = 0; i < 3; i++)
    wherry_session_say (&f->a, answer);
  wherry_session_say (&f->a, "{\"type\":\"call\",\"tid\":\"d\"}");
  wherry_fake_member_answered (member);
  wherry_fake_member_refuse (member, WHERRY_PEER_ANSWER, WHERRY_ERROR_PROTOCOL, "does not fit");
  wherry_session_hears_error (&f->a, "bad-sdp", "answer", "7");
  wherry_fake_member_answered (member);
  /* a call that fails takes its tid along: the next offer has none of it */
  wherry_fake_member_refuse (member, WHERRY_PEER_CALL, WHERRY_ERROR_RESOURCES, "no port");
  wherry_session_hears_error (&f->a, "server-full", "call", "\"d\"");
  wherry_fake_member_describe (member, WHERRY_SDP_OFFER, "v=4");
  wherry_session_hears (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=4\"}");
  wherry_fake_member_candidate (member, NULL);
  wherry_session_hears (
      &f->a, "{\"type\":\"candidate\",\"candidate\":\"\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,"
             "\"usernameFragment\":\"abcd\"}");
}

/* Whoever made the last offer makes the one that restarts ICE. */
static void
test_address_lost (SessionFixture *f, gconstpointer data)
{
  g_autofree char *offer = wherry_session_description ("offer", NULL);
  g_autofree char *answer = wherry_session_description ("answer", NULL);
  WherryRelayMember *member;

  wherry_session_say (&f->a, offer); /* tid 7 */
  member = wherry_fake_relay_member (f->relay, 0);
  wherry_fake_member_describe (member, WHERRY_SDP_ANSWER, "v=1");
  wherry_session_hears (&f->a, "{\"type\":\"answer\",\"sdp\":\"v=1\",\"tid\":7}");
  g_free (wherry_fake_relay_take_log (f->relay));
  wherry_fake_member_lose_address (member);
  wherry_session_hears (&f->a, "{\"type\":\"restart\"}");
  wherry_session_relay_did (f, "");

  wherry_session_say (&f->a, "{\"type\":\"call\"}");
  wherry_fake_member_describe (member, WHERRY_SDP_OFFER, "v=2");
  wherry_session_hears (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=2\"}");
  g_free (wherry_fake_relay_take_log (f->relay));
  /* while the client has not answered, nothing, and then once */
  wherry_fake_member_lose_address (member);
  wherry_fake_member_lose_address (member);
  wherry_session_relay_did (f, "");
  wherry_session_say (&f->a, answer);
  wherry_fake_member_answered (member);
  wherry_session_relay_did (f, "0000000000000001: answer\n0000000000000001: restart\n");
  wherry_fake_member_describe (member, WHERRY_SDP_OFFER, "v=3");
  wherry_session_hears (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=3\"}");
  wherry_session_say (&f->a, answer);
  wherry_fake_member_answered (member);
  wherry_session_relay_did (f, "0000000000000001: answer\n");
  wherry_session_hears_nothing (&f->a);
}

static void
test_unanswered_offers_are_bounded (SessionFixture *f, gconstpointer data)
{
  g_autofree char *offer = wherry_session_description ("offer", NULL);
  guint refused = 0;

  for (guint i = 0; i < 40; i++)
    wherry_session_say (&f->a, offer);
  for (GList *l = f->a.frames.head; l != NULL; l = l->next)
    refused += strstr (l->data, "rate-limited") != NULL;
  g_assert_cmpuint (refused, ==, 40 - 16);
}

static void
test_bad_descriptions (SessionFixture *f, gconstpointer data)
{
  wherry_session_say (&f->a, "{\"type\":\"offer\",\"sdp\":\"v=0\",\"tid\":1}");
  wherry_session_hears_error (&f->a, "bad-sdp", "offer", "1");
  wherry_session_relay_did (f, ""); /* and it did not join */
  wherry_session_say (&f->a, "{\"type\":\"offer\",\"tid\":1}");
  wherry_session_hears_error (&f->a, "bad-message", "offer", "1");
}

static void
test_candidates (SessionFixture *f, gconstpointer data)
{
  guint64 mdns = wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED);
  g_autofree char *offer = wherry_session_description ("offer", NULL);

  wherry_session_say (&f->a, offer);
  g_free (wherry_fake_relay_take_log (f->relay));

  wherry_session_say (
      &f->a, "{\"type\":\"candidate\",\"candidate\":\"candidate:1 1 udp 2113937151 127.0.0.1 4242 "
             "typ host\",\"sdpMid\":\"0\",\"usernameFragment\":\"abcd\"}");
  wherry_session_relay_did (f, "0000000000000001: candidate 127.0.0.1 4242 ufrag=abcd\n");
  /* browsers end with an empty one or with null */
  wherry_session_say (&f->a, "{\"type\":\"candidate\",\"candidate\":\"\"}");
  wherry_session_say (&f->a, "{\"type\":\"candidate\",\"candidate\":null}");
  wherry_session_relay_did (f,
                            "0000000000000001: candidates end\n0000000000000001: candidates end\n");
  wherry_session_hears_nothing (&f->a);

  /* of no use, and no error */
  wherry_session_say (&f->a, "{\"type\":\"candidate\",\"candidate\":\"candidate:1 1 udp 2113937151 "
                             "3c8a5e2e-0f6c-4c3b-9c0b-2f1d5b1a7e11.local 4242 typ host\"}");
  wherry_session_say (
      &f->a, "{\"type\":\"candidate\",\"candidate\":\"candidate:1 2 udp 2113937151 127.0.0.1 4242 "
             "typ host\"}");
  wherry_session_say (
      &f->a, "{\"type\":\"candidate\",\"sdpMid\":\"audio\",\"candidate\":\"candidate:1 1 udp "
             "2113937151 127.0.0.1 4242 typ host\"}");
  wherry_session_relay_did (f, "");
  wherry_session_hears_nothing (&f->a);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED), ==, mdns + 1);

  wherry_session_say (
      &f->a, "{\"type\":\"candidate\",\"tid\":5,\"candidate\":\"candidate:1 1 udp 2113937151 "
             "127.0.0.1 99999 typ host\"}");
  wherry_session_hears_error (&f->a, "bad-candidate", "candidate", "5");
  wherry_session_relay_did (f, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add (path, SessionFixture, NULL, wherry_session_set_up, func, wherry_session_tear_down)
  ADD ("/session-descriptions/call-is-an-echo", test_call_is_an_echo);
  ADD ("/session-descriptions/channels", test_channels);
  ADD ("/session-descriptions/too-many-channels", test_too_many_channels);
  ADD ("/session-descriptions/tids-come-back", test_tids_come_back);
  ADD ("/session-descriptions/address-lost", test_address_lost);
  ADD ("/session-descriptions/unanswered-offers-are-bounded", test_unanswered_offers_are_bounded);
  ADD ("/session-descriptions/bad-descriptions", test_bad_descriptions);
  ADD ("/session-descriptions/candidates", test_candidates);
  return g_test_run ();
}
