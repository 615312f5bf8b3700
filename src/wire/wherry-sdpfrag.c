/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-sdp-lines.h"
#include "wire/wherry-sdpfrag.h"

/* RFC 8839 section 5.4 */
#define UFRAG_MIN 4u
#define PWD_MIN 22u
#define ICE_CREDENTIAL_MAX 256u

static void
section_free (gpointer data)
{
  WherrySdpFragSection *self = data;

  g_free (self->mid);
  g_free (self->ice_ufrag);
  g_free (self->ice_pwd);
  g_ptr_array_unref (self->candidates);
  g_free (self);
}

void
wherry_sdpfrag_free (WherrySdpFrag *self)
{
  g_ptr_array_unref (self->sections);
  g_free (self);
}

static gboolean
fail (GError **error, WherryError code, const char *message)
{
  g_set_error (error, WHERRY_ERROR, code, "fragment: %s", message);
  return FALSE;
}

/* A credential of one level; out is set when it is there. */
static gboolean
parse_credential (const WherrySdpLines *lines, guint level, const char *name, gsize min, char **out,
                  GError **error)
{
  WherrySdpText value = { 0 };
  const WherrySdpLine *line = wherry_sdp_lines_find_attribute (lines, level, name, &value);

  if (line == NULL)
    return TRUE;
  if (!wherry_sdp_text_is_ice_chars (value, min, ICE_CREDENTIAL_MAX))
    return wherry_sdp_line_fail (line, "an ICE credential has the wrong length or characters",
                                 error);
  g_free (*out);
  *out = wherry_sdp_text_dup (value);
  return TRUE;
}

/* The session's credentials are for every section that has none of its own (RFC 8840 section 4.4),
 * and both come from one level: half of a pair with half of another would be a third. */
static gboolean
parse_credentials (const WherrySdpLines *lines, guint index, WherrySdpFragSection *section,
                   GError **error)
{
  guint level = wherry_sdp_lines_has_attribute (lines, index, "ice-ufrag")
                        || wherry_sdp_lines_has_attribute (lines, index, "ice-pwd")
                    ? index
                    : 0;

  if (!parse_credential (lines, level, "ice-ufrag", UFRAG_MIN, &section->ice_ufrag, error)
      || !parse_credential (lines, level, "ice-pwd", PWD_MIN, &section->ice_pwd, error))
    return FALSE;
  if ((section->ice_ufrag == NULL) != (section->ice_pwd == NULL))
    return fail (error, WHERRY_ERROR_PROTOCOL, "a=ice-ufrag and a=ice-pwd come together");
  return TRUE;
}

static gboolean
parse_candidates (const WherrySdpLines *lines, guint index, WherrySdpFragSection *section,
                  guint *total, GError **error)
{
  const WherrySdpLine *line;
  WherrySdpText value = { 0 };
  guint position = 0;

  while ((line = wherry_sdp_lines_next_attribute (lines, index, "candidate", &position, &value))
         != NULL)
    {
      WherryCandidate *candidate;

      if (++*total > WHERRY_CANDIDATES_MAX)
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                       "fragment line %u: more than %u candidates", line->number,
                       WHERRY_CANDIDATES_MAX);
          return FALSE;
        }
      candidate = wherry_candidate_parse (line->value.data, line->value.length, NULL);
      if (candidate != NULL)
        g_ptr_array_add (section->candidates, candidate);
      else
        section->bad_candidates++;
    }
  section->end_of_candidates = wherry_sdp_lines_has_attribute (lines, index, "end-of-candidates")
                               || wherry_sdp_lines_has_attribute (lines, 0, "end-of-candidates");
  return TRUE;
}

static gboolean
parse_section (WherrySdpFrag *self, const WherrySdpLines *lines, guint index, guint *total,
               GError **error)
{
  WherrySdpFragSection *section = g_new0 (WherrySdpFragSection, 1);
  WherrySdpText value = { 0 };
  const WherrySdpLine *line = wherry_sdp_lines_find_attribute (lines, index, "mid", &value);

  section->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_candidate_free);
  g_ptr_array_add (self->sections, section);
  if (line != NULL && !wherry_sdp_text_is_token (value))
    return wherry_sdp_line_fail (line, "a=mid is not a token", error);
  section->mid = line != NULL ? wherry_sdp_text_dup (value) : NULL;
  return parse_credentials (lines, index, section, error)
         && parse_candidates (lines, index, section, total, error);
}

static gboolean
says_anything (const WherrySdpFrag *self)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      const WherrySdpFragSection *section = g_ptr_array_index (self->sections, i);

      if (section->ice_ufrag != NULL || section->candidates->len > 0 || section->bad_candidates > 0
          || section->end_of_candidates)
        return TRUE;
    }
  return FALSE;
}

static gboolean
parse (WherrySdpFrag *self, const WherrySdpLines *lines, GError **error)
{
  guint first = lines->n_sections > 0 ? 1 : 0;
  guint total = 0;

  if (lines->n_sections > WHERRY_SDP_MEDIA_MAX)
    return fail (error, WHERRY_ERROR_LIMIT, "too many m-lines");
  for (guint i = first; i <= lines->n_sections; i++)
    if (!parse_section (self, lines, i, &total, error))
      return FALSE;
  if (!says_anything (self))
    return fail (error, WHERRY_ERROR_PROTOCOL, "neither credentials nor candidates");
  return TRUE;
}

WherrySdpFrag *
wherry_sdpfrag_parse (const char *data, gsize length, GError **error)
{
  g_auto (WherrySdpLines) lines = { 0 };
  g_autoptr (WherrySdpFrag) self = g_new0 (WherrySdpFrag, 1);

  self->sections = g_ptr_array_new_with_free_func (section_free);
  if (!wherry_sdp_lines_split_fragment (&lines, data, length, error)
      || !parse (self, &lines, error))
    return NULL;
  return g_steal_pointer (&self);
}

const WherrySdpFragSection *
wherry_sdpfrag_find (const WherrySdpFrag *self, const WherrySdp *remote)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      const WherrySdpFragSection *section = g_ptr_array_index (self->sections, i);

      if (wherry_sdp_owns_candidate (remote, section->mid, -1))
        return section;
    }
  return NULL;
}

char *
wherry_sdpfrag_write (const WherrySdp *sdp)
{
  GString *out = g_string_new (NULL);
  const WherrySdpMedia *media;
  const char *mid = NULL;
  guint index = 0;

  wherry_sdp_get_candidate_target (sdp, &mid, &index);
  media = g_ptr_array_index (sdp->media, index);
  g_string_append_printf (out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", sdp->ice_ufrag, sdp->ice_pwd);
  g_string_append (out, "a=ice-options:trickle\r\n");
  g_string_append_printf (out, "m=%s 9 %s %s\r\n", media->kind, media->proto, media->formats);
  if (mid != NULL)
    g_string_append_printf (out, "a=mid:%s\r\n", mid);
  for (guint i = 0; i < sdp->candidates->len; i++)
    {
      g_autofree char *text = wherry_candidate_to_string (g_ptr_array_index (sdp->candidates, i));

      g_string_append_printf (out, "a=%s\r\n", text);
    }
  if (sdp->end_of_candidates)
    g_string_append (out, "a=end-of-candidates\r\n");
  return g_string_free (out, FALSE);
}
