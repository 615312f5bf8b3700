/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include "wire/wherry-sdp-media.h"

/* Writing a description, in the order of RFC 8829 section 5.2.1. What stands here whatever the
 * description says is there because some peer does not connect without it: mid, a=sctp-port and
 * a=max-message-size are written where they are known, and ours always are. */

static void
write_ice_options (GString *out, WherrySdpIceOptions options)
{
  if (options == WHERRY_SDP_ICE_OPTIONS_NONE)
    return;
  g_string_append (out, "a=ice-options:");
  if (options & WHERRY_SDP_ICE_OPTIONS_TRICKLE)
    g_string_append (out, "trickle ");
  if (options & WHERRY_SDP_ICE_OPTIONS_ICE2)
    g_string_append (out, "ice2 ");
  if (options & WHERRY_SDP_ICE_OPTIONS_RENOMINATION)
    g_string_append (out, "renomination ");
  g_string_truncate (out, out->len - 1);
  g_string_append (out, "\r\n");
}

static void
write_transport (GString *out, const WherrySdp *self)
{
  g_string_append_printf (out, "a=ice-ufrag:%s\r\n", self->ice_ufrag);
  g_string_append_printf (out, "a=ice-pwd:%s\r\n", self->ice_pwd);
  write_ice_options (out, self->ice_options);
  for (guint i = 0; i < self->fingerprints->len; i++)
    {
      g_autofree char *fingerprint = wherry_fingerprint_to_string (
          &g_array_index (self->fingerprints, WherryFingerprint, i));

      g_string_append_printf (out, "a=fingerprint:%s\r\n", fingerprint);
    }
  if (self->tls_id != NULL)
    g_string_append_printf (out, "a=tls-id:%s\r\n", self->tls_id);
  if (self->setup != WHERRY_SDP_SETUP_NONE)
    g_string_append_printf (out, "a=setup:%s\r\n", wherry_sdp_setup_to_string (self->setup));
}

static void
write_sctp (GString *out, const WherrySdp *self)
{
  if (!self->old_form)
    g_string_append_printf (out, "a=sctp-port:%u\r\n", self->sctp_port);
  else if (self->sctp_streams != 0)
    g_string_append_printf (out, "a=sctpmap:%u %s %u\r\n", self->sctp_port, WHERRY_SDP_APPLICATION,
                            self->sctp_streams);
  else
    g_string_append_printf (out, "a=sctpmap:%u %s\r\n", self->sctp_port, WHERRY_SDP_APPLICATION);
  if (self->has_max_message_size)
    g_string_append_printf (out, "a=max-message-size:%" G_GUINT64_FORMAT "\r\n",
                            self->max_message_size);
}

static void
write_candidates (GString *out, const WherrySdp *self)
{
  for (guint i = 0; i < self->candidates->len; i++)
    {
      g_autofree char *candidate
          = wherry_candidate_to_string (g_ptr_array_index (self->candidates, i));

      g_string_append_printf (out, "a=%s\r\n", candidate);
    }
  if (self->end_of_candidates)
    g_string_append (out, "a=end-of-candidates\r\n");
}

static void
write_media (GString *out, const WherrySdpMedia *media, const char *formats)
{
  g_string_append_printf (out, "m=%s %u %s %s\r\n", media->kind, media->port, media->proto,
                          formats);
  g_string_append (out, "c=IN IP4 0.0.0.0\r\n"); /* RFC 8840 section 4.1.1 */
  if (media->mid != NULL)
    g_string_append_printf (out, "a=mid:%s\r\n", media->mid);
  if (media->bundle_only)
    g_string_append (out, "a=bundle-only\r\n");
}

static void
write_data_section (GString *out, const WherrySdp *self, const WherrySdpMedia *media)
{
  g_autofree char *port = g_strdup_printf ("%u", self->sctp_port);
  guint target = 0;

  if (self->rejected)
    {
      write_media (out, media, media->formats);
      return;
    }
  write_media (out, media, self->old_form ? port : WHERRY_SDP_APPLICATION);
  write_transport (out, self);
  write_sctp (out, self);
  wherry_sdp_get_candidate_target (self, NULL, &target);
  if (target == self->index)
    write_candidates (out, self);
}

/* Another section: rejected, or kept by an answer for its transport's sake, without media. */
static void
write_other_section (GString *out, const WherrySdp *self, guint index)
{
  const WherrySdpMedia *media = g_ptr_array_index (self->media, index);
  const gboolean is_offer = self->type == WHERRY_SDP_OFFER;
  guint target = 0;

  write_media (out, media, media->formats);
  if (media->port == 0 || !is_offer)
    g_string_append (out, "a=inactive\r\n");
  if (media->port == 0 || is_offer || self->rejected)
    return;
  g_string_append (out, "a=rtcp-mux\r\n"); /* RFC 8834 section 4.5: required */
  write_transport (out, self);
  wherry_sdp_get_candidate_target (self, NULL, &target);
  if (target == index)
    write_candidates (out, self);
}

char *
wherry_sdp_to_string (const WherrySdp *self)
{
  GString *out = g_string_new ("v=0\r\n");

  /* RFC 8829 section 5.2.1: no address of ours in o= */
  g_string_append_printf (out,
                          "o=- %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " IN IP4 127.0.0.1\r\n",
                          self->session_id, self->session_version);
  g_string_append (out, "s=-\r\nt=0 0\r\n");
  if (self->bundle != NULL)
    {
      g_autofree char *mids = g_strjoinv (" ", self->bundle);

      g_string_append_printf (out, "a=group:BUNDLE %s\r\n", mids);
    }
  if (self->ice_lite)
    g_string_append (out, "a=ice-lite\r\n");

  for (guint i = 0; i < self->media->len; i++)
    if (i == self->index)
      write_data_section (out, self, wherry_sdp_get_media (self));
    else
      write_other_section (out, self, i);
  return g_string_free (out, FALSE);
}
