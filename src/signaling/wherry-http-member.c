/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "base/wherry-token-bucket.h"
#include "signaling/wherry-http-member.h"
#include "signaling/wherry-joined-frames.h"

struct _WherryHttpMember
{
  /* hub thread only */
  WherryRelayHub *relay;
  WherryClock *clock;
  GMainContext *context;
  WherryRelayMember *member; /* NULL: it has left */
  void (*gone) (WherryHttpMember *self, gpointer user_data);
  gpointer gone_data;
  char *etag;
  WherrySdp *remote; /* in force */
  WherrySdp *next;   /* offered, not answered yet; NULL: nothing is under way */
  WherrySdp *local;  /* our answer while candidates are added to it; NULL: none is under way */
  gboolean is_first; /* what is under way is the first offer */
  GSource *gather_timer;
  WherryHttpMemberDone done; /* NULL: nobody waits */
  gpointer done_data;
  gboolean listens; /* its channel for notices was told who is there */
  WherryTokenBucket messages;
  WherryTokenBucket bytes;
};

static void
set_etag (WherryHttpMember *self)
{
  g_free (self->etag);
  /* a strong validator (RFC 9110 section 8.8.1) that no earlier generation has had */
  self->etag = g_strdup_printf ("\"%08x%08x\"", g_random_int (), g_random_int ());
}

static gboolean
fail (WherrySignalError *out, WherrySignalError code, GError **error, const char *text)
{
  *out = code;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, text);
  return FALSE;
}

/* ---- what is under way ---- */

static void
finish (WherryHttpMember *self, WherrySignalError code, const char *text)
{
  WherryHttpMemberDone done = self->done;

  self->done = NULL;
  wherry_clock_clear_source (&self->gather_timer);
  g_clear_pointer (&self->next, wherry_sdp_free);
  g_clear_pointer (&self->local, wherry_sdp_free);
  if (done != NULL)
    done (self->done_data, code, text);
}

/* With the candidates that there are. */
static void
answer (WherryHttpMember *self)
{
  g_autofree char *text
      = self->is_first ? wherry_sdp_to_string (self->local) : wherry_sdpfrag_write (self->local);

  g_clear_pointer (&self->remote, wherry_sdp_free);
  self->remote = g_steal_pointer (&self->next);
  set_etag (self);
  finish (self, WHERRY_SIGNAL_ERROR_NONE, text);
}

static gboolean
on_gather_limit (gpointer data)
{
  answer (data);
  return G_SOURCE_REMOVE;
}

/* ---- what its member hears ---- */

static void
on_description (gpointer user_data, WherrySdpType type, const char *sdp)
{
  WherryHttpMember *self = user_data;

  if (type != WHERRY_SDP_ANSWER || self->next == NULL)
    {
      wherry_bug ("A description that nobody asked for");
      return;
    }
  self->local = wherry_sdp_parse (type, sdp, strlen (sdp), NULL);
  if (self->local == NULL)
    {
      wherry_bug ("Our own answer does not parse");
      finish (self, WHERRY_SIGNAL_ERROR_INTERNAL, "The server could not answer");
      return;
    }
  self->gather_timer = wherry_clock_add (self->clock, self->context, WHERRY_HTTP_GATHER_WAIT_US,
                                         on_gather_limit, self);
}

static void
on_candidate (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
              const char *ufrag)
{
  WherryHttpMember *self = user_data;
  WherryCandidate *parsed;

  if (self->local == NULL)
    return; /* the answer is out, and there is no way to add to it */
  if (candidate == NULL)
    {
      self->local->end_of_candidates = TRUE;
      answer (self);
      return;
    }
  parsed = wherry_candidate_parse (candidate, strlen (candidate), NULL);
  if (parsed != NULL)
    g_ptr_array_add (self->local->candidates, parsed);
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
  WherryHttpMember *self = user_data;
  gboolean is_first = self->is_first;

  if (self->next == NULL)
    return;
  if (g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES))
    finish (self, WHERRY_SIGNAL_ERROR_SERVER_FULL,
            "The server has no room for one more connection");
  else
    finish (self, WHERRY_SIGNAL_ERROR_BAD_SDP, error->message);
  if (is_first && self->member != NULL) /* nobody was told of it */
    wherry_relay_member_leave (self->member, WHERRY_LEAVE_FAILED);
}

static void
on_answered (gpointer user_data)
{
}

/* text: (transfer full) */
static void
notice (gpointer user_data, char *text)
{
  WherryHttpMember *self = user_data;

  if (self->listens && self->member != NULL)
    wherry_relay_member_notice (self->member, text, FALSE);
  else
    g_free (text);
}

static void
on_path_lost (gpointer user_data)
{
  notice (user_data, wherry_signal_write_restart ());
}

static void
on_news (gpointer user_data, const WherrySignalNews *news)
{
  notice (user_data, wherry_signal_write_news (news));
}

static void
on_notices_open (gpointer user_data)
{
  WherryHttpMember *self = user_data;

  self->listens = TRUE;
  wherry_joined_frames_write (self->relay, self->member, NULL, notice, self);
}

static void
on_leaving (gpointer user_data, WherryLeaveReason reason)
{
  WherryHttpMember *self = user_data;

  wherry_relay_member_notice (self->member, wherry_signal_write_left (reason, NULL), TRUE);
}

static void
on_left (gpointer user_data, WherryLeaveReason reason)
{
  WherryHttpMember *self = user_data;

  self->member = NULL;
  if (reason == WHERRY_LEAVE_SHUTDOWN)
    finish (self, WHERRY_SIGNAL_ERROR_SHUTTING_DOWN, "The server is shutting down");
  else
    finish (self, WHERRY_SIGNAL_ERROR_NO_SUCH_MEMBER, "The member has left meanwhile");
  self->gone (self, self->gone_data);
}

static const WherryMemberEvents events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .answered = on_answered,
  .path_lost = on_path_lost,
  .news = on_news,
  .notices_open = on_notices_open,
  .leaving = on_leaving,
  .left = on_left,
};

/* ---- life ---- */

WherryHttpMember *
wherry_http_member_new (WherryRelayHub *relay, const WherryJoin *join, WherryClock *clock,
                        void (*gone) (WherryHttpMember *self, gpointer user_data),
                        gpointer user_data, WherrySignalError *code, GError **error)
{
  WherryHttpMember *self = g_new0 (WherryHttpMember, 1);
  gint64 now_us = wherry_clock_now_us (clock);

  self->relay = relay;
  self->clock = wherry_clock_ref (clock);
  self->context = g_main_context_ref_thread_default ();
  self->gone = gone;
  self->gone_data = user_data;
  wherry_token_bucket_init (&self->messages, WHERRY_SIGNAL_RATE_MESSAGES,
                            WHERRY_SIGNAL_BURST_MESSAGES, now_us);
  wherry_token_bucket_init (&self->bytes, WHERRY_SIGNAL_RATE_BYTES, WHERRY_SIGNAL_BURST_BYTES,
                            now_us);
  set_etag (self);
  self->member = wherry_relay_hub_join (relay, join, &events, self, code, error);
  if (self->member != NULL)
    return self;
  wherry_http_member_free (self);
  return NULL;
}

void
wherry_http_member_free (WherryHttpMember *self)
{
  WherryRelayMember *member = g_steal_pointer (&self->member);

  if (member != NULL)
    wherry_relay_member_detach (member);
  wherry_clock_clear_source (&self->gather_timer);
  g_clear_pointer (&self->remote, wherry_sdp_free);
  g_clear_pointer (&self->next, wherry_sdp_free);
  g_clear_pointer (&self->local, wherry_sdp_free);
  g_free (self->etag);
  g_main_context_unref (self->context);
  wherry_clock_unref (self->clock);
  g_free (self);
}

WherryRelayMember *
wherry_http_member_get_member (WherryHttpMember *self)
{
  return self->member;
}

const char *
wherry_http_member_get_id (WherryHttpMember *self)
{
  return wherry_relay_member_get_id (self->member);
}

const char *
wherry_http_member_get_room (WherryHttpMember *self)
{
  return wherry_relay_member_get_room (self->member);
}

const char *
wherry_http_member_get_etag (WherryHttpMember *self)
{
  return self->etag;
}

gboolean
wherry_http_member_charge (WherryHttpMember *self, gsize bytes)
{
  gint64 now_us = wherry_clock_now_us (self->clock);

  return wherry_token_bucket_take (&self->messages, 1, now_us)
         && wherry_token_bucket_take (&self->bytes, bytes, now_us);
}

void
wherry_http_member_leave (WherryHttpMember *self)
{
  wherry_relay_member_leave (self->member, WHERRY_LEAVE_LEFT);
}

/* ---- what it asks for ---- */

/* Takes offer. */
static gboolean
begin (WherryHttpMember *self, WherrySdp *offer, const WherryChannelInit *channels, guint n,
       WherryHttpMemberDone done, gpointer data, WherrySignalError *code, GError **error)
{
  self->next = wherry_sdp_copy (offer);
  self->done = done;
  self->done_data = data;
  if (wherry_relay_member_remote_description (self->member, offer, channels, n, code, error))
    return TRUE;
  self->done = NULL;
  g_clear_pointer (&self->next, wherry_sdp_free);
  return FALSE;
}

gboolean
wherry_http_member_offer (WherryHttpMember *self, WherrySdp *offer,
                          const WherryChannelInit *channels, guint n, WherryHttpMemberDone done,
                          gpointer data, WherrySignalError *code, GError **error)
{
  self->is_first = TRUE;
  return begin (self, offer, channels, n, done, data, code, error);
}

static void
trickle (WherryHttpMember *self, const WherrySdpFragSection *section)
{
  if (section->bad_candidates > 0)
    wherry_counter_add (WHERRY_COUNTER_ICE_BAD_CANDIDATES, section->bad_candidates);
  for (guint i = 0; i < section->candidates->len; i++)
    {
      const WherryCandidate *candidate = g_ptr_array_index (section->candidates, i);
      WherryCandidate *copy;

      if (candidate->is_mdns)
        {
          /* nobody resolves it here; the connection is found by a peer-reflexive pair */
          wherry_counter_inc (WHERRY_COUNTER_ICE_MDNS_IGNORED);
          continue;
        }
      copy = wherry_candidate_copy (candidate);
      if (copy->ufrag == NULL)
        copy->ufrag = g_strdup (self->remote->ice_ufrag);
      wherry_relay_member_remote_candidate (self->member, copy);
    }
  if (section->end_of_candidates)
    wherry_relay_member_remote_candidate (self->member, NULL);
}

/* The offer that says the same as the fragment. (transfer full) */
static WherrySdp *
make_offer (WherryHttpMember *self, const WherrySdpFragSection *section)
{
  WherrySdp *offer = wherry_sdp_copy (self->remote);

  g_free (offer->ice_ufrag);
  g_free (offer->ice_pwd);
  offer->ice_ufrag = g_strdup (section->ice_ufrag);
  offer->ice_pwd = g_strdup (section->ice_pwd);
  offer->session_version++;
  g_ptr_array_set_size (offer->candidates, 0);
  for (guint i = 0; i < section->candidates->len; i++)
    g_ptr_array_add (offer->candidates,
                     wherry_candidate_copy (g_ptr_array_index (section->candidates, i)));
  offer->end_of_candidates = section->end_of_candidates;
  return offer;
}

WherryHttpPatch
wherry_http_member_patch (WherryHttpMember *self, const WherrySdpFrag *fragment,
                          WherryHttpMemberDone done, gpointer data, WherrySignalError *code,
                          GError **error)
{
  const WherrySdpFragSection *section;
  gboolean same_ufrag;
  gboolean same_pwd;

  if (self->next != NULL || self->remote == NULL)
    {
      fail (code, WHERRY_SIGNAL_ERROR_ALREADY_JOINED, error,
            "A description is under way: wait for its answer");
      return WHERRY_HTTP_REFUSED;
    }
  section = wherry_sdpfrag_find (fragment, self->remote);
  if (section == NULL) /* for sections that we have rejected */
    return WHERRY_HTTP_TRICKLED;

  same_ufrag
      = section->ice_ufrag == NULL || g_str_equal (section->ice_ufrag, self->remote->ice_ufrag);
  same_pwd = section->ice_pwd == NULL || g_str_equal (section->ice_pwd, self->remote->ice_pwd);
  if (same_ufrag != same_pwd) /* RFC 8839 section 4.4.1.1.1 */
    {
      fail (code, WHERRY_SIGNAL_ERROR_BAD_SDP, error,
            "An ICE restart changes both a=ice-ufrag and a=ice-pwd");
      return WHERRY_HTTP_REFUSED;
    }
  if (same_ufrag)
    {
      trickle (self, section);
      return WHERRY_HTTP_TRICKLED;
    }
  self->is_first = FALSE;
  return begin (self, make_offer (self, section), NULL, 0, done, data, code, error)
             ? WHERRY_HTTP_RESTARTING
             : WHERRY_HTTP_REFUSED;
}
