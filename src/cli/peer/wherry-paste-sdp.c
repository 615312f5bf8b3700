/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/peer/wherry-paste-sdp.h"
#include "cli/wherry-terminal.h"

#define CANDIDATE "a=candidate:"
#define MID "a=mid:"
#define UFRAG "a=ice-ufrag:"

static const char *
get_type_name (WherryIceCandidateType type)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (WHERRY_TYPE_ICE_CANDIDATE_TYPE);

  return g_enum_get_value (klass, type)->value_nick;
}

gboolean
wherry_paste_sdp_parse_types (const char *const *names, WherryIceCandidateTypes *types,
                              GError **error)
{
  g_autoptr (GFlagsClass) klass = g_type_class_ref (WHERRY_TYPE_ICE_CANDIDATE_TYPES);

  *types = names[0] == NULL ? WHERRY_ICE_CANDIDATE_TYPES_ALL : WHERRY_ICE_CANDIDATE_TYPES_NONE;
  for (guint i = 0; names[i] != NULL; i++)
    {
      const GFlagsValue *value = g_flags_get_value_by_nick (klass, names[i]);

      if (value == NULL || value->value == WHERRY_ICE_CANDIDATE_TYPES_NONE
          || value->value == WHERRY_ICE_CANDIDATE_TYPES_ALL)
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("“%s” is no type of candidate: those are host, srflx, prflx and relay"),
                       names[i]);
          return FALSE;
        }
      *types |= value->value;
    }
  return TRUE;
}

gboolean
wherry_paste_sdp_is_used (WherryIceCandidate *candidate, WherryIceCandidateTypes types)
{
  return wherry_ice_candidate_is_parsed (candidate)
         && g_strcmp0 (wherry_ice_candidate_get_protocol (candidate), "udp") == 0
         && (types & 1u << wherry_ice_candidate_get_candidate_type (candidate)) != 0;
}

static void
append_related (GString *text, WherryIceCandidate *candidate)
{
  const char *address = wherry_ice_candidate_get_related_address (candidate);

  if (address == NULL)
    g_string_append (text, " related=none");
  else
    g_string_append_printf (text,
                            strchr (address, ':') != NULL ? " related=[%s]:%u" : " related=%s:%u",
                            address, wherry_ice_candidate_get_related_port (candidate));
}

char *
wherry_paste_sdp_describe (WherryIceCandidate *candidate)
{
  const char *mid = wherry_ice_candidate_get_sdp_mid (candidate);
  const char *ufrag = wherry_ice_candidate_get_username_fragment (candidate);
  g_autoptr (GString) text = g_string_new (NULL);

  if (!wherry_ice_candidate_is_parsed (candidate))
    g_string_append_printf (text, "unread=“%s”", wherry_ice_candidate_get_candidate (candidate));
  else
    {
      g_string_append_printf (text,
                              "foundation=%s protocol=%s priority=%u address=%s port=%u type=%s",
                              wherry_ice_candidate_get_foundation (candidate),
                              wherry_ice_candidate_get_protocol (candidate),
                              wherry_ice_candidate_get_priority (candidate),
                              wherry_ice_candidate_get_address (candidate),
                              wherry_ice_candidate_get_port (candidate),
                              get_type_name (wherry_ice_candidate_get_candidate_type (candidate)));
      if (wherry_ice_candidate_get_tcp_type (candidate) != NULL)
        g_string_append_printf (text, " tcptype=%s", wherry_ice_candidate_get_tcp_type (candidate));
      append_related (text, candidate);
    }
  g_string_append_printf (text, " media-line=%d mid=%s ufrag=%s",
                          wherry_ice_candidate_get_sdp_mline_index (candidate),
                          mid != NULL ? mid : "none", ufrag != NULL ? ufrag : "none");
  return wherry_terminal_safe (text->str);
}

/* ---- descriptions ---- */

typedef struct
{
  char *mid;
  char *ufrag;
} Section;

static void
section_free (gpointer data)
{
  Section *section = data;

  g_free (section->mid);
  g_free (section->ufrag);
  g_free (section);
}

/* The value of @line if it is an attribute @name, without a carriage return. (transfer full) */
static char *
get_value (const char *line, const char *name)
{
  if (!g_str_has_prefix (line, name))
    return NULL;
  return g_strndup (line + strlen (name), strcspn (line + strlen (name), "\r"));
}

static void
replace (char **place, char *value)
{
  if (value == NULL)
    return;
  g_free (*place);
  *place = value;
}

/* Of Section, the first one before all media lines: candidates may stand before the mid of their
 * section (RFC 8866 knows no order of attributes). */
static GPtrArray *
find_sections (char **lines)
{
  GPtrArray *sections = g_ptr_array_new_with_free_func (section_free);
  Section *current = g_new0 (Section, 1);

  g_ptr_array_add (sections, current);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], "m="))
        {
          const Section *first = g_ptr_array_index (sections, 0);

          current = g_new0 (Section, 1);
          current->ufrag = g_strdup (first->ufrag);
          g_ptr_array_add (sections, current);
        }
      replace (&current->mid, get_value (lines[i], MID));
      replace (&current->ufrag, get_value (lines[i], UFRAG));
    }
  return sections;
}

/* (transfer full): @line, with 0.0.0.0:9 for the base of a candidate that is not host */
static char *
hide_base (const char *line)
{
  const char *begin = strstr (line, " raddr ");
  const char *port = begin != NULL ? strstr (begin, " rport ") : NULL;
  const char *rest = port != NULL ? port + strlen (" rport ") : NULL;

  if (rest == NULL)
    return g_strdup (line);
  rest += strspn (rest, "0123456789");
  return g_strdup_printf ("%.*s raddr 0.0.0.0 rport 9%s", (int) (begin - line), line, rest);
}

char *
wherry_paste_sdp_filter (const char *sdp, WherryIceCandidateTypes types, WherryPasteSdpFunc func,
                         gpointer user_data)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\n", -1);
  g_autoptr (GPtrArray) sections = find_sections (lines);
  GString *out = g_string_new (NULL);
  guint index = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const Section *section;
      g_autofree char *value = get_value (lines[i], CANDIDATE);
      g_autofree char *text = value != NULL ? g_strconcat ("candidate:", value, NULL) : NULL;
      g_autofree char *line = NULL;
      g_autoptr (WherryIceCandidate) candidate = NULL;
      gboolean is_used;

      if (g_str_has_prefix (lines[i], "m="))
        index++;
      section = g_ptr_array_index (sections, index);
      if (text != NULL)
        {
          candidate
              = wherry_ice_candidate_new (text, section->mid, (int) index - 1, section->ufrag);
          is_used = wherry_paste_sdp_is_used (candidate, types);
          if (func != NULL)
            func (candidate, is_used, user_data);
          if (!is_used && wherry_ice_candidate_is_parsed (candidate))
            continue;
          if (is_used && (types & WHERRY_ICE_CANDIDATE_TYPES_HOST) == 0)
            line = hide_base (lines[i]);
        }
      g_string_append (out, line != NULL ? line : lines[i]);
      if (lines[i + 1] != NULL)
        g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}
