/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "fixtures/wherry-wait.h"
#include "peer/step-pair.h"

/* Descriptions as other stacks write them, and such as come at the wrong time. */

/* With n sections of audio before its own. */
static WherrySdp *
with_media (const WherrySdp *sdp, guint n)
{
  g_autofree char *text = wherry_sdp_to_string (sdp);
  g_autoptr (GString) all = g_string_new (text);
  g_autoptr (GString) media = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  WherrySdp *parsed = NULL;

  for (guint i = 0; i < n; i++)
    g_string_append_printf (media,
                            "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
                            "a=mid:audio%u\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n",
                            i);
  g_string_replace (all, "m=application", media->str, 1);
  g_string_insert (all, strstr (all->str, " 9 UDP/DTLS/SCTP") - all->str, "m=application");
  parsed = wherry_sdp_parse (sdp->type, all->str, all->len, &error);
  g_assert_no_error (error);
  return parsed;
}

/* Only its own section. */
static WherrySdp *
without_media (const WherrySdp *sdp)
{
  WherrySdp *copy = wherry_sdp_copy (sdp);

  while (copy->index > 0)
    {
      g_ptr_array_remove_index (copy->media, 0);
      copy->index--;
    }
  return copy;
}

typedef struct
{
  gsize size;
  int done; /* atomic */
} Size;

static void
read_size (WherryPeer *peer, gpointer data)
{
  Size *size = data;

  size->size = wherry_peer_get_remote_max_message_size (peer);
  g_atomic_int_set (&size->done, 1);
}

static gsize
get_remote_max (StepEnd *end)
{
  Size size = { 0 };

  wherry_peer_post_call (end->peer, read_size, &size, NULL);
  WHERRY_WAIT_UNTIL (NULL, g_atomic_int_get (&size.done) == 1);
  return size.size;
}

/* The transport of data channels is closed, and nothing else happens. */
static void
test_rejected (StepPair *pair, gconstpointer data)
{
  static const char answer[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                               "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                               "c=IN IP4 0.0.0.0\r\na=mid:0\r\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySdp) sdp = wherry_sdp_parse (WHERRY_SDP_ANSWER, answer, strlen (answer), &error);

  g_assert_no_error (error);
  peer_traffic_create_channel (pair->a->peer, "unwanted");
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_set_remote (pair->a, sdp));
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  g_assert_true (pair->a->current_remote->rejected);
  step_end_wait_layer (pair->a, WHERRY_PEER_LAYER_SCTP, WHERRY_TRANSPORT_CLOSED);
  g_assert_error (pair->a->layer_errors[WHERRY_PEER_LAYER_SCTP], WHERRY_ERROR,
                  WHERRY_ERROR_UNSUPPORTED);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->a, n_closed) == 1);
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_assert_false (pair->a->is_finished);
}

static WherrySdp *
parse_rejecting_offer (void)
{
  static const char offer[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                              "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:x\r\n"
                              "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                              "c=IN IP4 0.0.0.0\r\na=mid:y\r\n";
  g_autoptr (GError) error = NULL;
  WherrySdp *sdp = wherry_sdp_parse (WHERRY_SDP_OFFER, offer, strlen (offer), &error);

  g_assert_no_error (error);
  return sdp;
}

/* Agreed on with nothing below; our own offer then uses the section again, and connects. */
static void
test_offer_rejects (StepPair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = parse_rejecting_offer ();

  peer_traffic_create_channel (pair->b->peer, "waits");
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_cmpint (pair->b->signaling, ==, WHERRY_PEER_STABLE);
  g_assert_true (pair->b->current_local->rejected && pair->b->current_remote->rejected);
  g_assert_true (step_make_offer (pair->b, FALSE));
  g_assert_false (pair->b->made->rejected);
  g_assert_cmpuint (pair->b->made->media->len, ==, 2);
  g_assert_cmpuint (pair->b->made->index, ==, 1);
  g_assert_cmpstr (wherry_sdp_get_mid (pair->b->made), ==, "y");
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_true (step_set_remote (pair->a, pair->b->pending_local));
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_set_remote (pair->b, pair->a->current_local));
  step_pair_wait_open (pair);
}

/* On a living connection it is the end of its channels. */
static void
test_offer_rejects_later (StepPair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = NULL;

  step_pair_connect (pair);
  g_assert_true (step_set_local (pair->a, NULL));
  offer = parse_rejecting_offer ();
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_true (pair->b->current_local->rejected);
  step_end_wait_layer (pair->b, WHERRY_PEER_LAYER_SCTP, WHERRY_TRANSPORT_CLOSED);
  g_assert_false (pair->b->is_finished);
}

/* Theirs has media, and the data section at any place: all else is rejected, and stays so. */
static void
test_other_media (StepPair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = NULL;
  g_autoptr (WherrySdp) answer = NULL;

  peer_traffic_create_channel (pair->a->peer, "first");
  g_assert_true (step_set_local (pair->a, NULL));
  offer = with_media (pair->a->pending_local, 2);
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_cmpuint (pair->b->current_local->media->len, ==, 3);
  g_assert_cmpuint (pair->b->current_local->index, ==, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (
        ((WherrySdpMedia *) g_ptr_array_index (pair->b->current_local->media, i))->port, ==, 0);
  answer = without_media (pair->b->current_local);
  g_assert_true (step_set_remote (pair->a, answer));
  step_pair_wait_open (pair);
  step_pair_exchange (pair);
  g_assert_true (step_make_offer (pair->b, FALSE));
  g_assert_cmpuint (pair->b->made->media->len, ==, 3);
  g_assert_cmpuint (pair->b->made->index, ==, 2);
}

/* One that says nothing takes 64 KiB; a later one changes it. */
static void
test_max_message_size (StepPair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = NULL;

  step_pair_connect (pair);
  g_assert_cmpuint (get_remote_max (pair->b), ==, 256 * 1024);
  g_assert_true (step_set_local (pair->a, NULL));
  offer = wherry_sdp_copy (pair->a->pending_local);
  offer->has_max_message_size = FALSE;
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_cmpuint (get_remote_max (pair->b), ==, 256 * 1024); /* not agreed yet */
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_cmpuint (get_remote_max (pair->b), ==, 64 * 1024);
}

/* An answer that was meant for an offer before this one. */
static void
test_stale (StepPair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = NULL;
  g_autoptr (WherrySdp) answer = NULL;

  step_pair_connect (pair);
  offer = wherry_sdp_copy (pair->a->current_local);
  answer = wherry_sdp_copy (pair->b->current_local);
  g_assert_false (step_set_remote (pair->a, answer));
  g_assert_error (pair->a->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE);
  g_assert_false (step_set_local (pair->a, offer));
  g_assert_error (pair->a->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  /* set what was made last, but not as it was made */
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_clear_pointer (&offer, wherry_sdp_free);
  offer = wherry_sdp_copy (pair->a->made);
  offer->ice_pwd[3] ^= 1;
  g_assert_false (step_set_local (pair->a, offer));
  g_assert_error (pair->a->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  step_pair_exchange (pair);
}

/* As pion and GStreamer answer: active whatever they are (RFC 8842 section 5.5 has them keep it).
 */
static void
test_answer_changes_role (StepPair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) answer = NULL;

  step_pair_connect (pair);
  g_assert_true (step_make_offer (pair->b, TRUE));
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_true (step_set_remote (pair->a, pair->b->pending_local));
  g_assert_true (step_set_local (pair->a, NULL));
  answer = wherry_sdp_copy (pair->a->current_local);
  g_assert_cmpint (answer->setup, ==, WHERRY_SDP_SETUP_PASSIVE);
  answer->setup = WHERRY_SDP_SETUP_ACTIVE;
  g_assert_true (step_set_remote (pair->b, answer));
  step_pair_exchange (pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                                            \
  g_test_add (path, StepPair, NULL, step_pair_set_up, func, step_pair_tear_down)
  ADD ("/peer/descriptions/data-rejected", test_rejected);
  ADD ("/peer/descriptions/offer-rejects", test_offer_rejects);
  ADD ("/peer/descriptions/offer-rejects-later", test_offer_rejects_later);
  ADD ("/peer/descriptions/other-media", test_other_media);
  ADD ("/peer/descriptions/max-message-size", test_max_message_size);
  ADD ("/peer/descriptions/stale-descriptions", test_stale);
  ADD ("/peer/descriptions/answer-changes-role", test_answer_changes_role);
#undef ADD

  return g_test_run ();
}
