/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-sdp-lines.h"
#include "wire/wherry-sdp-media.h"

/* Two passes: the m-lines with their mids first, so that the data section and the one that carries
 * its BUNDLE group's transport are known; then the attributes of those two and of the session.
 * What else the description holds (codecs, other sections' attributes) is not looked at. */

/* RFC 8839 section 5.4 */
#define UFRAG_MIN 4u
#define PWD_MIN 22u
#define ICE_CREDENTIAL_MAX 256u
/* RFC 8842 section 4: tls-id-value = 20*255(tls-id-char) */
#define TLS_ID_MIN 20u
#define TLS_ID_MAX 255u
/* draft-ietf-mmusic-sctp-sdp-07 section 6: streams of a=sctpmap; 16 bits and "all of them" */
#define SCTPMAP_STREAMS_MAX 65536u

#define NO_SECTION G_MAXUINT
/* Where a transport attribute may stand, in order of precedence. */
#define N_LEVELS 3u

typedef struct
{
  WherrySdpLines lines;
  WherrySdp *sdp;
  guint section; /* the data section */
  guint levels[N_LEVELS];
} Parser;

/* One missing thing has no line of its own. */
static gboolean
fail (GError **error, WherryError code, const char *message)
{
  g_set_error (error, WHERRY_ERROR, code, "description: %s", message);
  return FALSE;
}

static gboolean
parse_mid (Parser *self, guint section, WherrySdpMedia *media, GHashTable *mids, GError **error)
{
  WherrySdpText value = { 0 };
  const WherrySdpLine *line
      = wherry_sdp_lines_find_attribute (&self->lines, section, "mid", &value);

  if (line == NULL)
    return TRUE;
  if (!wherry_sdp_text_is_token (value))
    return wherry_sdp_line_fail (line, "a=mid is not a token", error);
  media->mid = wherry_sdp_text_dup (value);
  if (!g_hash_table_add (mids, media->mid))
    return wherry_sdp_line_fail (line, "two sections have this a=mid", error);
  return TRUE;
}

static gboolean
parse_media (Parser *self, GError **error)
{
  g_autoptr (GHashTable) mids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->lines.lines->len; i++)
    {
      const WherrySdpLine *line = &g_array_index (self->lines.lines, WherrySdpLine, i);
      WherrySdpMedia *media;

      if (line->type != 'm')
        continue;
      if (self->sdp->media->len == WHERRY_SDP_MEDIA_MAX)
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                       "description line %u: more than %u m-lines", line->number,
                       WHERRY_SDP_MEDIA_MAX);
          return FALSE;
        }
      media = wherry_sdp_media_parse (line, error);
      if (media == NULL)
        return FALSE;
      g_ptr_array_add (self->sdp->media, media);
      if (!parse_mid (self, line->section, media, mids, error))
        return FALSE;
      media->bundle_only
          = wherry_sdp_lines_has_attribute (&self->lines, line->section, "bundle-only");
    }
  return TRUE;
}

/* o=<username> <sess-id> <sess-version> <nettype> <addrtype> <address> (RFC 8866 section 5.2) */
static gboolean
parse_origin (Parser *self, GError **error)
{
  for (guint i = 0; i < self->lines.lines->len; i++)
    {
      const WherrySdpLine *line = &g_array_index (self->lines.lines, WherrySdpLine, i);
      WherrySdpText rest = line->value;
      WherrySdpText user = { 0 }, id = { 0 }, version = { 0 };

      if (line->type != 'o' || line->section != 0)
        continue;
      if (!wherry_sdp_text_next (&rest, ' ', &user) || !wherry_sdp_text_next (&rest, ' ', &id)
          || !wherry_sdp_text_next (&rest, ' ', &version) || rest.length == 0
          || !wherry_sdp_text_to_uint (id, G_MAXUINT64, &self->sdp->session_id)
          || !wherry_sdp_text_to_uint (version, G_MAXUINT64, &self->sdp->session_version))
        return wherry_sdp_line_fail (line, "o= needs a user, two numbers and an address", error);
      return TRUE;
    }
  return fail (error, WHERRY_ERROR_PROTOCOL, "no o= line");
}

static gboolean
choose_section (Parser *self, GError **error)
{
  gboolean seen_application = FALSE;
  const WherrySdpMedia *seen_rejected = NULL;

  for (guint i = 0; i < self->sdp->media->len; i++)
    {
      const WherrySdpMedia *media = g_ptr_array_index (self->sdp->media, i);

      seen_application = seen_application || strcmp (media->kind, "application") == 0;
      if (!wherry_sdp_media_is_data (media))
        continue;
      /* port 0 with a=bundle-only means "in the bundle", in offers (RFC 8843 section 6) */
      if (media->port != 0 || (media->bundle_only && self->sdp->type == WHERRY_SDP_OFFER))
        {
          self->sdp->index = i;
          self->section = i + 1;
          return TRUE;
        }
      if (seen_rejected == NULL)
        self->sdp->index = i;
      seen_rejected = media;
    }
  /* RFC 3264 sections 6 and 8.2: the answerer does not want it, the offerer no longer does. */
  if (seen_rejected != NULL)
    {
      self->sdp->rejected = TRUE;
      return TRUE;
    }
  if (seen_application)
    return fail (error, WHERRY_ERROR_UNSUPPORTED, "m=application is not over DTLS/SCTP");
  return fail (error, WHERRY_ERROR_PROTOCOL, "no m=application: offer at least one data channel");
}

/* a=group:BUNDLE, which is the one that holds our mid (RFC 8843 section 5). */
static gboolean
parse_bundle (Parser *self, GError **error)
{
  const char *mid = wherry_sdp_get_mid (self->sdp);
  const WherrySdpLine *line;
  WherrySdpText rest = { 0 }, token = { 0 };
  guint position = 0;

  while ((line = wherry_sdp_lines_next_attribute (&self->lines, 0, "group", &position, &rest))
         != NULL)
    {
      g_autoptr (GPtrArray) mids = g_ptr_array_new_with_free_func (g_free);
      gboolean is_ours = FALSE;

      wherry_sdp_text_next (&rest, ' ', &token);
      if (!wherry_sdp_text_equal (token, "BUNDLE"))
        continue;
      while (wherry_sdp_text_next (&rest, ' ', &token))
        {
          if (token.length == 0) /* Some stacks leave a space at the end */
            continue;
          if (!wherry_sdp_text_is_token (token))
            return wherry_sdp_line_fail (line, "a=group holds what is no token", error);
          is_ours = is_ours || (mid != NULL && wherry_sdp_text_equal (token, mid));
          g_ptr_array_add (mids, wherry_sdp_text_dup (token));
        }
      if (!is_ours)
        continue;
      g_ptr_array_add (mids, NULL);
      self->sdp->bundle = (GStrv) g_ptr_array_free (g_steal_pointer (&mids), FALSE);
      return TRUE;
    }
  return TRUE;
}

/* The group's first mid names the section whose transport all of them use; sections that are
 * bundle-only do not repeat it (RFC 8843 section 7.1.3, RFC 8829 section 5.2.1). */
static guint
find_tagged_section (const Parser *self)
{
  if (self->sdp->bundle == NULL)
    return NO_SECTION;
  for (guint i = 0; i < self->sdp->media->len; i++)
    {
      const WherrySdpMedia *media = g_ptr_array_index (self->sdp->media, i);

      if (i != self->sdp->index && g_strcmp0 (media->mid, self->sdp->bundle[0]) == 0)
        return i + 1;
    }
  return NO_SECTION;
}

static const WherrySdpLine *
find_transport (const Parser *self, const char *name, WherrySdpText *value, guint *section)
{
  for (guint i = 0; i < N_LEVELS; i++)
    {
      const WherrySdpLine *line;

      if (self->levels[i] == NO_SECTION)
        continue;
      line = wherry_sdp_lines_find_attribute (&self->lines, self->levels[i], name, value);
      if (line != NULL)
        {
          if (section != NULL)
            *section = self->levels[i];
          return line;
        }
    }
  return NULL;
}

static void
parse_ice_options (Parser *self)
{
  for (guint i = 0; i < N_LEVELS; i++)
    {
      WherrySdpText rest = { 0 }, group = { 0 }, option = { 0 };

      if (self->levels[i] == NO_SECTION
          || wherry_sdp_lines_find_attribute (&self->lines, self->levels[i], "ice-options", &rest)
                 == NULL)
        continue;
      /* RFC 8839 section 5.6 separates by spaces, libdatachannel by commas */
      while (wherry_sdp_text_next (&rest, ' ', &group))
        while (wherry_sdp_text_next (&group, ',', &option))
          {
            if (wherry_sdp_text_equal (option, "trickle"))
              self->sdp->ice_options |= WHERRY_SDP_ICE_OPTIONS_TRICKLE;
            else if (wherry_sdp_text_equal (option, "ice2"))
              self->sdp->ice_options |= WHERRY_SDP_ICE_OPTIONS_ICE2;
            else if (wherry_sdp_text_equal (option, "renomination"))
              self->sdp->ice_options |= WHERRY_SDP_ICE_OPTIONS_RENOMINATION;
          }
    }
}

static gboolean
parse_ice (Parser *self, GError **error)
{
  WherrySdpText value = { 0 };
  const WherrySdpLine *line = find_transport (self, "ice-ufrag", &value, NULL);

  if (line == NULL)
    return fail (error, WHERRY_ERROR_PROTOCOL, "no a=ice-ufrag");
  if (!wherry_sdp_text_is_ice_chars (value, UFRAG_MIN, ICE_CREDENTIAL_MAX))
    return wherry_sdp_line_fail (line, "a=ice-ufrag is not 4 to 256 ICE characters", error);
  self->sdp->ice_ufrag = wherry_sdp_text_dup (value);

  line = find_transport (self, "ice-pwd", &value, NULL);
  if (line == NULL)
    return fail (error, WHERRY_ERROR_PROTOCOL, "no a=ice-pwd");
  if (!wherry_sdp_text_is_ice_chars (value, PWD_MIN, ICE_CREDENTIAL_MAX))
    return wherry_sdp_line_fail (line, "a=ice-pwd is not 22 to 256 ICE characters", error);
  self->sdp->ice_pwd = wherry_sdp_text_dup (value);

  parse_ice_options (self);
  self->sdp->ice_lite = wherry_sdp_lines_has_attribute (&self->lines, 0, "ice-lite");
  return TRUE;
}

static gboolean
parse_fingerprints (Parser *self, GError **error)
{
  const WherrySdpLine *line;
  WherrySdpText value = { 0 };
  guint section = 0;
  guint position = 0;

  if (find_transport (self, "fingerprint", &value, &section) == NULL)
    return fail (error, WHERRY_ERROR_PROTOCOL, "no a=fingerprint");
  while ((line = wherry_sdp_lines_next_attribute (&self->lines, section, "fingerprint", &position,
                                                  &value))
         != NULL)
    {
      g_autoptr (GError) reason = NULL;
      WherryFingerprint fingerprint;

      if (self->sdp->fingerprints->len == WHERRY_SDP_FINGERPRINTS_MAX)
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                       "description line %u: more than %u fingerprints", line->number,
                       WHERRY_SDP_FINGERPRINTS_MAX);
          return FALSE;
        }
      if (wherry_fingerprint_parse (&fingerprint, value.data, value.length, &reason))
        g_array_append_val (self->sdp->fingerprints, fingerprint);
      else if (!g_error_matches (reason, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED))
        return wherry_sdp_line_fail (line, reason->message, error);
    }
  if (self->sdp->fingerprints->len == 0)
    return fail (error, WHERRY_ERROR_UNSUPPORTED,
                 "no a=fingerprint with SHA-256, SHA-384 or SHA-512");
  return TRUE;
}

static gboolean
parse_dtls (Parser *self, GError **error)
{
  WherrySdpText value = { 0 };
  const WherrySdpLine *line = find_transport (self, "setup", &value, NULL);

  if (line != NULL && !wherry_sdp_setup_from_string (value.data, value.length, &self->sdp->setup))
    return wherry_sdp_line_fail (line, "unknown a=setup", error);
  /* RFC 8842 section 5.3: an answer decides */
  if (self->sdp->type != WHERRY_SDP_OFFER
      && (self->sdp->setup == WHERRY_SDP_SETUP_ACTPASS
          || self->sdp->setup == WHERRY_SDP_SETUP_HOLDCONN))
    return wherry_sdp_line_fail (line, "a=setup of an answer is active or passive", error);

  /* It is only compared with later ones: one that is malformed is as good as none. */
  if (find_transport (self, "tls-id", &value, NULL) != NULL && value.length >= TLS_ID_MIN
      && value.length <= TLS_ID_MAX)
    {
      g_autofree char *tls_id = wherry_sdp_text_dup (value);

      if (strspn (tls_id, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/-_") == value.length)
        self->sdp->tls_id = g_steal_pointer (&tls_id);
    }
  return TRUE;
}

/* a=sctpmap:<port> <app> [<streams>] (draft-ietf-mmusic-sctp-sdp-07 section 6) */
static gboolean
parse_sctpmap (Parser *self, GError **error)
{
  WherrySdpText rest = { 0 }, number = { 0 }, application = { 0 };
  const WherrySdpLine *line
      = wherry_sdp_lines_find_attribute (&self->lines, self->section, "sctpmap", &rest);
  guint64 port = 0;
  guint64 streams = 0;

  if (line == NULL)
    return TRUE;
  if (!wherry_sdp_text_next (&rest, ' ', &number)
      || !wherry_sdp_text_next (&rest, ' ', &application)
      || !wherry_sdp_text_to_uint (number, G_MAXUINT16, &port) || port != self->sdp->sctp_port
      || (rest.data != NULL && !wherry_sdp_text_to_uint (rest, SCTPMAP_STREAMS_MAX, &streams)))
    return wherry_sdp_line_fail (line, "a=sctpmap is malformed or not for m='s port", error);
  if (!wherry_sdp_text_equal (application, WHERRY_SDP_APPLICATION))
    return fail (error, WHERRY_ERROR_UNSUPPORTED, "a=sctpmap is not for " WHERRY_SDP_APPLICATION);
  self->sdp->sctp_streams = (guint) streams;
  return TRUE;
}

static gboolean
parse_sctp_port (Parser *self, GError **error)
{
  WherrySdpMedia *media = wherry_sdp_get_media (self->sdp);
  WherrySdpText formats = { media->formats, strlen (media->formats) };
  WherrySdpText value = { 0 };
  const WherrySdpLine *line;
  guint64 port = WHERRY_SDP_SCTP_PORT_DEFAULT;

  if (wherry_sdp_text_to_uint (formats, G_MAXUINT16, &port) && port != 0)
    {
      self->sdp->old_form = TRUE;
      self->sdp->sctp_port = (guint16) port;
      g_free (media->formats);
      media->formats = g_strdup_printf ("%u", self->sdp->sctp_port);
      return parse_sctpmap (self, error);
    }
  if (!wherry_sdp_text_equal (formats, WHERRY_SDP_APPLICATION))
    return fail (error, WHERRY_ERROR_UNSUPPORTED, "m=application is not " WHERRY_SDP_APPLICATION);

  /* RFC 8841 section 5.2: 0 closes the association. Absent: everybody means 5000. */
  line = wherry_sdp_lines_find_attribute (&self->lines, self->section, "sctp-port", &value);
  port = WHERRY_SDP_SCTP_PORT_DEFAULT;
  if (line != NULL && (!wherry_sdp_text_to_uint (value, G_MAXUINT16, &port) || port == 0))
    return wherry_sdp_line_fail (line, "a=sctp-port is not 1 to 65535", error);
  self->sdp->sctp_port = (guint16) port;
  return TRUE;
}

static gboolean
parse_sctp (Parser *self, GError **error)
{
  WherrySdpText value = { 0 };
  const WherrySdpLine *line;

  if (!parse_sctp_port (self, error))
    return FALSE;
  line = wherry_sdp_lines_find_attribute (&self->lines, self->section, "max-message-size", &value);
  if (line == NULL)
    return TRUE;
  if (!wherry_sdp_text_to_uint (value, G_MAXUINT64, &self->sdp->max_message_size))
    return wherry_sdp_line_fail (line, "a=max-message-size is not a number", error);
  self->sdp->has_max_message_size = TRUE;
  return TRUE;
}

/* The tagged section's candidates are ours when it has the same ICE credentials. */
static gboolean
shares_transport (const Parser *self, guint section)
{
  WherrySdpText ufrag = { 0 };

  if (section == NO_SECTION)
    return FALSE;
  return wherry_sdp_lines_find_attribute (&self->lines, section, "ice-ufrag", &ufrag) == NULL
         || wherry_sdp_text_equal (ufrag, self->sdp->ice_ufrag);
}

static gboolean
parse_candidates (Parser *self, GError **error)
{
  const guint tagged = self->levels[N_LEVELS - 1];
  const WherrySdpLine *line;
  WherrySdpText value = { 0 };
  guint section = self->section;
  guint position = 0;

  if (!wherry_sdp_lines_has_attribute (&self->lines, section, "candidate")
      && shares_transport (self, tagged))
    section = tagged;
  while ((line
          = wherry_sdp_lines_next_attribute (&self->lines, section, "candidate", &position, &value))
         != NULL)
    {
      WherryCandidate *candidate;

      if (self->sdp->candidates->len + self->sdp->bad_candidates == WHERRY_CANDIDATES_MAX)
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                       "description line %u: more than %u candidates", line->number,
                       WHERRY_CANDIDATES_MAX);
          return FALSE;
        }
      candidate = wherry_candidate_parse (line->value.data, line->value.length, NULL);
      if (candidate != NULL)
        g_ptr_array_add (self->sdp->candidates, candidate);
      else
        self->sdp->bad_candidates++;
    }
  self->sdp->end_of_candidates
      = wherry_sdp_lines_has_attribute (&self->lines, 0, "end-of-candidates")
        || wherry_sdp_lines_has_attribute (&self->lines, self->section, "end-of-candidates")
        || wherry_sdp_lines_has_attribute (&self->lines, section, "end-of-candidates");
  return TRUE;
}

static gboolean
parse (Parser *self, const char *data, gsize length, GError **error)
{
  if (!wherry_sdp_lines_split (&self->lines, data, length, error) || !parse_origin (self, error)
      || !parse_media (self, error) || !choose_section (self, error))
    return FALSE;
  if (self->sdp->rejected)
    return TRUE;
  if (!parse_bundle (self, error))
    return FALSE;
  self->levels[0] = self->section;
  self->levels[1] = 0;
  self->levels[2] = find_tagged_section (self);
  return parse_ice (self, error) && parse_fingerprints (self, error) && parse_dtls (self, error)
         && parse_sctp (self, error) && parse_candidates (self, error);
}

WherrySdp *
wherry_sdp_parse (WherrySdpType type, const char *data, gsize length, GError **error)
{
  g_autoptr (WherrySdp) sdp = NULL;
  Parser parser = { 0 };
  gboolean parsed;

  if (type == WHERRY_SDP_ROLLBACK)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                           "a rollback carries no description");
      return NULL;
    }
  sdp = wherry_sdp_new (type);
  parser.sdp = sdp;
  parsed = parse (&parser, data, length, error);
  wherry_sdp_lines_clear (&parser.lines);
  return parsed ? g_steal_pointer (&sdp) : NULL;
}
