/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "wire/wherry-sdp-media.h"

#include "peer/wherry-peer-description.h"

/* RFC 8829 section 5.2.2: a rejected m-line is used again in its place, and all stay. */
static WherrySdp *
offer_again (const WherrySdpLocal *local, const WherrySdp *last)
{
  WherrySdp *offer = wherry_sdp_new_offer (local);
  WherrySdpMedia *fresh = g_ptr_array_steal_index (offer->media, 0);

  for (guint i = 0; i < last->media->len; i++)
    {
      const WherrySdpMedia *media = g_ptr_array_index (last->media, i);

      g_ptr_array_add (offer->media, i == last->index ? fresh : wherry_sdp_media_copy (media));
    }
  offer->index = last->index;
  if (wherry_sdp_get_mid (last) != NULL)
    {
      g_free (fresh->mid);
      fresh->mid = g_strdup (wherry_sdp_get_mid (last));
      g_free (offer->bundle[0]);
      offer->bundle[0] = g_strdup (fresh->mid);
    }
  return offer;
}

WherrySdp *
wherry_peer_description_offer (const WherrySdpLocal *local, const WherrySdp *last)
{
  WherrySdp *offer = NULL;

  if (last == NULL)
    return wherry_sdp_new_offer (local);
  if (last->rejected)
    return offer_again (local, last);
  /* RFC 8829 section 5.2.2: the m-lines stay, the version rises; RFC 8842 section 5.5: a new offer
   * says actpass and the answer keeps the role. */
  offer = wherry_sdp_copy (last);
  offer->type = WHERRY_SDP_OFFER;
  offer->session_version = local->session_version;
  offer->setup = WHERRY_SDP_SETUP_ACTPASS;
  g_free (offer->ice_ufrag);
  g_free (offer->ice_pwd);
  offer->ice_ufrag = g_strdup (local->ice_ufrag);
  offer->ice_pwd = g_strdup (local->ice_pwd);
  return offer;
}

static gboolean
same_media (const WherrySdp *a, const WherrySdp *b)
{
  if (a->media->len != b->media->len || a->index != b->index)
    return FALSE;
  for (guint i = 0; i < a->media->len; i++)
    {
      const WherrySdpMedia *of_a = g_ptr_array_index (a->media, i);
      const WherrySdpMedia *of_b = g_ptr_array_index (b->media, i);

      if (of_a->port != of_b->port || g_strcmp0 (of_a->kind, of_b->kind) != 0
          || g_strcmp0 (of_a->proto, of_b->proto) != 0 || g_strcmp0 (of_a->mid, of_b->mid) != 0)
        return FALSE;
    }
  return TRUE;
}

static gboolean
same_fingerprints (const WherrySdp *a, const WherrySdp *b)
{
  if (a->fingerprints->len != b->fingerprints->len)
    return FALSE;
  for (guint i = 0; i < a->fingerprints->len; i++)
    if (!wherry_fingerprint_equal (&g_array_index (a->fingerprints, WherryFingerprint, i),
                                   &g_array_index (b->fingerprints, WherryFingerprint, i)))
      return FALSE;
  return TRUE;
}

gboolean
wherry_peer_description_is_made (const WherrySdp *made, const WherrySdp *sdp)
{
  if ((made->type == WHERRY_SDP_OFFER) != (sdp->type == WHERRY_SDP_OFFER)
      || made->session_id != sdp->session_id || made->session_version != sdp->session_version)
    return FALSE;
  if (!same_media (made, sdp) || made->rejected != sdp->rejected)
    return FALSE;
  if (made->rejected)
    return TRUE;
  return strcmp (made->ice_ufrag, sdp->ice_ufrag) == 0 && strcmp (made->ice_pwd, sdp->ice_pwd) == 0
         && same_fingerprints (made, sdp) && made->setup == sdp->setup
         && made->old_form == sdp->old_form && made->sctp_port == sdp->sctp_port
         && wherry_sdp_get_max_message_size (made) == wherry_sdp_get_max_message_size (sdp);
}

gboolean
wherry_peer_description_restarts (const WherrySdp *last, const WherrySdp *next)
{
  return last != NULL && !last->rejected && !next->rejected
         && (strcmp (last->ice_ufrag, next->ice_ufrag) != 0
             || strcmp (last->ice_pwd, next->ice_pwd) != 0);
}

void
wherry_peer_description_set_candidates (WherrySdp *self, GPtrArray *lines, gboolean all)
{
  g_ptr_array_set_size (self->candidates, 0);
  for (guint i = 0; i < lines->len && i < WHERRY_CANDIDATES_MAX; i++)
    {
      const char *line = g_ptr_array_index (lines, i);
      WherryCandidate *candidate = wherry_candidate_parse (line, strlen (line), NULL);

      if (candidate != NULL)
        g_ptr_array_add (self->candidates, candidate);
    }
  self->end_of_candidates = all;
}

/* RFC 8839 section 5.1: what tells them apart, whether or not they name their generation. */
static gboolean
same_candidate (const WherryCandidate *a, const WherryCandidate *b)
{
  return a->component == b->component && a->transport == b->transport && a->port == b->port
         && a->type == b->type && a->tcp_type == b->tcp_type
         && strcmp (a->foundation, b->foundation) == 0 && strcmp (a->address, b->address) == 0;
}

static gboolean
has_candidate (const WherrySdp *self, const WherryCandidate *candidate)
{
  for (guint i = 0; i < self->candidates->len; i++)
    if (same_candidate (g_ptr_array_index (self->candidates, i), candidate))
      return TRUE;
  return FALSE;
}

gboolean
wherry_peer_description_add_candidate (WherrySdp *self, const WherryCandidate *candidate)
{
  if (candidate == NULL)
    self->end_of_candidates = TRUE;
  else if (has_candidate (self, candidate))
    return TRUE;
  else if (self->candidates->len >= WHERRY_CANDIDATES_MAX)
    return FALSE;
  else
    g_ptr_array_add (self->candidates, wherry_candidate_copy (candidate));
  return TRUE;
}

void
wherry_peer_description_inherit_candidates (WherrySdp *self, const WherrySdp *from)
{
  if (from == NULL || from == self || self->rejected || from->rejected
      || wherry_peer_description_restarts (from, self))
    return;
  for (guint i = 0; i < from->candidates->len; i++)
    wherry_peer_description_add_candidate (self, g_ptr_array_index (from->candidates, i));
  self->end_of_candidates = self->end_of_candidates || from->end_of_candidates;
}
