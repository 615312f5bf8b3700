/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-sdp-media.h"
#include "wire/wherry-sdp-text.h"

/* Port of a section whose candidates are told later (RFC 8840 section 4.1.1). */
#define DISCARD_PORT 9u

static const char *const type_names[] = { "offer", "pranswer", "answer", "rollback" };
static const char *const setup_names[] = { "", "actpass", "active", "passive", "holdconn" };

gboolean
wherry_sdp_type_from_string (const char *string, WherrySdpType *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (type_names); i++)
    if (g_strcmp0 (string, type_names[i]) == 0)
      {
        *type = (WherrySdpType) i;
        return TRUE;
      }
  return FALSE;
}

const char *
wherry_sdp_type_to_string (WherrySdpType type)
{
  g_return_val_if_fail ((guint) type < G_N_ELEMENTS (type_names), "");
  return type_names[type];
}

const char *
wherry_sdp_setup_to_string (WherrySdpSetup setup)
{
  g_return_val_if_fail ((guint) setup < G_N_ELEMENTS (setup_names), "");
  return setup_names[setup];
}

gboolean
wherry_sdp_setup_from_string (const char *data, gsize length, WherrySdpSetup *setup)
{
  WherrySdpText text = { data, length };

  for (guint i = WHERRY_SDP_SETUP_ACTPASS; i < G_N_ELEMENTS (setup_names); i++)
    if (wherry_sdp_text_equal_nocase (text, setup_names[i]))
      {
        *setup = (WherrySdpSetup) i;
        return TRUE;
      }
  return FALSE;
}

WherrySdp *
wherry_sdp_new (WherrySdpType type)
{
  WherrySdp *self = g_new0 (WherrySdp, 1);

  self->type = type;
  self->media = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_sdp_media_free);
  self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_candidate_free);
  self->fingerprints = g_array_new (FALSE, FALSE, sizeof (WherryFingerprint));
  return self;
}

static gpointer
copy_media (gconstpointer media, gpointer user_data)
{
  return wherry_sdp_media_copy (media);
}

static gpointer
copy_candidate (gconstpointer candidate, gpointer user_data)
{
  return wherry_candidate_copy (candidate);
}

WherrySdp *
wherry_sdp_copy (const WherrySdp *self)
{
  WherrySdp *copy = g_memdup2 (self, sizeof *self);

  /* g_ptr_array_copy() copies the free function too */
  copy->media = g_ptr_array_copy (self->media, (GCopyFunc) copy_media, NULL);
  copy->candidates = g_ptr_array_copy (self->candidates, (GCopyFunc) copy_candidate, NULL);
  copy->fingerprints = g_array_copy (self->fingerprints);
  copy->bundle = g_strdupv (self->bundle);
  copy->ice_ufrag = g_strdup (self->ice_ufrag);
  copy->ice_pwd = g_strdup (self->ice_pwd);
  copy->tls_id = g_strdup (self->tls_id);
  return copy;
}

void
wherry_sdp_free (WherrySdp *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->media);
  g_ptr_array_unref (self->candidates);
  g_array_unref (self->fingerprints);
  g_strfreev (self->bundle);
  g_free (self->ice_ufrag);
  g_free (self->ice_pwd);
  g_free (self->tls_id);
  g_free (self);
}

WherrySdpMedia *
wherry_sdp_get_media (const WherrySdp *self)
{
  g_return_val_if_fail (self->index < self->media->len, NULL);
  return g_ptr_array_index (self->media, self->index);
}

const char *
wherry_sdp_get_mid (const WherrySdp *self)
{
  return wherry_sdp_get_media (self)->mid;
}

guint64
wherry_sdp_get_max_message_size (const WherrySdp *self)
{
  if (!self->has_max_message_size)
    return WHERRY_MAX_MESSAGE_SIZE_ABSENT;
  return self->max_message_size != 0 ? self->max_message_size : G_MAXUINT64;
}

void
wherry_sdp_get_candidate_target (const WherrySdp *self, const char **mid, guint *index)
{
  guint target = self->index;

  if (self->bundle != NULL && self->type != WHERRY_SDP_OFFER)
    for (guint i = 0; i < self->media->len; i++)
      {
        const WherrySdpMedia *media = g_ptr_array_index (self->media, i);

        if (media->port != 0 && g_strcmp0 (media->mid, self->bundle[0]) == 0)
          target = i;
      }
  if (index != NULL)
    *index = target;
  if (mid != NULL)
    *mid = ((const WherrySdpMedia *) g_ptr_array_index (self->media, target))->mid;
}

gboolean
wherry_sdp_owns_candidate (const WherrySdp *self, const char *mid, int index)
{
  const char *own = wherry_sdp_get_mid (self);

  if (mid == NULL && index >= 0)
    {
      const WherrySdpMedia *media;

      if ((guint) index == self->index)
        return TRUE;
      if ((guint) index >= self->media->len)
        return FALSE;
      media = g_ptr_array_index (self->media, (guint) index);
      mid = media->mid;
      if (mid == NULL)
        return FALSE;
    }
  if (mid == NULL || g_strcmp0 (mid, own) == 0)
    return TRUE;
  return self->bundle != NULL && g_strv_contains ((const char *const *) self->bundle, mid);
}

static void
fill_local (WherrySdp *self, const WherrySdpLocal *local)
{
  self->session_id = local->session_id;
  self->session_version = local->session_version;
  self->ice_ufrag = g_strdup (local->ice_ufrag);
  self->ice_pwd = g_strdup (local->ice_pwd);
  self->ice_options = WHERRY_SDP_ICE_OPTIONS_TRICKLE;
  g_array_append_val (self->fingerprints, *local->fingerprint);
  self->sctp_port = local->sctp_port != 0 ? local->sctp_port : WHERRY_SDP_SCTP_PORT_DEFAULT;
  self->has_max_message_size = TRUE;
  self->max_message_size
      = local->max_message_size != 0 ? local->max_message_size : WHERRY_MAX_MESSAGE_SIZE_DEFAULT;
}

WherrySdp *
wherry_sdp_new_offer (const WherrySdpLocal *local)
{
  WherrySdp *self = wherry_sdp_new (WHERRY_SDP_OFFER);
  WherrySdpMedia *media = wherry_sdp_media_new ();
  const char *const bundle[] = { "0", NULL };

  media->kind = g_strdup ("application");
  media->port = DISCARD_PORT;
  media->proto = g_strdup ("UDP/DTLS/SCTP");
  media->formats = g_strdup (WHERRY_SDP_APPLICATION);
  media->mid = g_strdup ("0");
  g_ptr_array_add (self->media, media);
  self->bundle = g_strdupv ((GStrv) bundle);
  fill_local (self, local);
  self->setup = WHERRY_SDP_SETUP_ACTPASS; /* RFC 8842 section 5.2 */
  return self;
}

/* Whether an RTP section is the one that carries the transport of the bundle that ours is in.
 * RFC 8843 section 7.3.2 lets us reject it and go on with ours, but Chromium (156, bundlePolicy
 * max-bundle) loses the transport with it and refuses such an answer. */
static gboolean
carries_bundle (const WherrySdp *offer, const WherrySdpMedia *media)
{
  return offer->bundle != NULL && media->port != 0 && g_strcmp0 (media->mid, offer->bundle[0]) == 0
         && strstr (media->proto, "RTP/") != NULL;
}

/* The offer's m-lines as our answer has them: rejected unless ours or needed by ours. The mids of
 * what is not rejected, and bundled with ours, are added to bundle. */
static void
answer_media (WherrySdp *self, const WherrySdp *offer, GPtrArray *bundle)
{
  for (guint i = 0; i < offer->media->len; i++)
    {
      const WherrySdpMedia *offered = g_ptr_array_index (offer->media, i);
      WherrySdpMedia *media = wherry_sdp_media_copy (offered);
      gboolean is_kept = !offer->rejected && (i == offer->index || carries_bundle (offer, offered));

      media->bundle_only = FALSE; /* RFC 8843 section 6: offers only */
      media->port = is_kept ? DISCARD_PORT : 0;
      g_ptr_array_add (self->media, media);
      if (is_kept && offer->bundle != NULL)
        g_ptr_array_add (bundle, g_strdup (media->mid));
    }
  g_ptr_array_add (bundle, NULL);
}

WherrySdp *
wherry_sdp_new_answer (const WherrySdp *offer, const WherrySdpLocal *local, GError **error)
{
  g_autoptr (WherrySdp) self = NULL;
  GPtrArray *bundle;

  if (offer->setup == WHERRY_SDP_SETUP_HOLDCONN)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                           "the offer holds its connection (a=setup:holdconn)");
      return NULL;
    }
  self = wherry_sdp_new (WHERRY_SDP_ANSWER);
  bundle = g_ptr_array_new ();
  answer_media (self, offer, bundle);
  self->index = offer->index;
  self->rejected = offer->rejected;
  if (self->rejected)
    {
      g_ptr_array_unref (bundle);
      self->session_id = local->session_id;
      self->session_version = local->session_version;
      return g_steal_pointer (&self);
    }
  fill_local (self, local);
  /* RFC 8843 section 7.3: only what the offer bundled, and not what the answer rejects */
  self->bundle = (GStrv) g_ptr_array_free (bundle, FALSE);
  if (offer->bundle == NULL)
    g_clear_pointer (&self->bundle, g_strfreev);

  self->old_form = offer->old_form;
  if (self->old_form)
    {
      WherrySdpMedia *ours = wherry_sdp_get_media (self);

      g_free (ours->formats);
      ours->formats = g_strdup_printf ("%u", self->sctp_port);
      self->sctp_streams = WHERRY_SCTP_STREAMS_MAX;
    }
  /* RFC 8842 section 5.3. An old offer without a=setup lets us choose as actpass does. */
  self->setup = offer->setup == WHERRY_SDP_SETUP_ACTIVE ? WHERRY_SDP_SETUP_PASSIVE
                                                        : WHERRY_SDP_SETUP_ACTIVE;
  return g_steal_pointer (&self);
}

gboolean
wherry_sdp_check_answer (const WherrySdp *offer, const WherrySdp *answer, GError **error)
{
  const char *wrong = NULL;

  if (answer->type != WHERRY_SDP_ANSWER && answer->type != WHERRY_SDP_PRANSWER)
    wrong = "it is no answer";
  else if (answer->media->len != offer->media->len)
    wrong = "it has another number of m-lines than the offer";
  else if (offer->rejected && !answer->rejected)
    wrong = "it takes a data section that the offer rejects";
  else if (answer->index != offer->index)
    wrong = "its data section is not where the offer's is";
  else if (wherry_sdp_get_mid (answer) != NULL
           && g_strcmp0 (wherry_sdp_get_mid (answer), wherry_sdp_get_mid (offer)) != 0)
    wrong = "its data section has another mid than the offer's";
  else if (offer->setup != WHERRY_SDP_SETUP_ACTPASS && offer->setup != WHERRY_SDP_SETUP_NONE
           && answer->setup == offer->setup)
    wrong = "both sides want the same DTLS role (a=setup)";

  if (wrong == NULL)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "answer: %s", wrong);
  return FALSE;
}
