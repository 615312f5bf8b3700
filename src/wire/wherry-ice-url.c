/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include "wire/wherry-ice-url.h"

#include <string.h>

#include "base/wherry-error.h"

/* RFC 1035 section 2.3.4 */
#define HOST_MAX 253u

static const struct
{
  const char *scheme;
  gboolean is_turn;
  gboolean tls;
} schemes[] = {
  { "stun:", FALSE, FALSE },
  { "stuns:", FALSE, TRUE },
  { "turn:", TRUE, FALSE },
  { "turns:", TRUE, TRUE },
};

/* What RFC 3986 section 3.2.2 allows in a host, but for percent-encoding: nobody's name has any. */
static gboolean
is_host (const char *host, gboolean in_brackets)
{
  const char *allowed = in_brackets ? ":." : "-._~";

  if (*host == '\0' || strlen (host) > HOST_MAX)
    return FALSE;
  for (const char *p = host; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr (allowed, *p) == NULL)
      return FALSE;
  return TRUE;
}

/* rest: HOST[:PORT], which it cuts up */
static gboolean
parse_authority (WherryIceUrl *self, char *rest)
{
  gboolean in_brackets = *rest == '[';
  char *host = in_brackets ? rest + 1 : rest;
  char *end = in_brackets ? strchr (host, ']') : host + strcspn (host, ":");
  char *port = NULL;
  guint64 number = 0;

  if (end == NULL)
    return FALSE;
  if (in_brackets)
    *end++ = '\0';
  if (*end == ':')
    {
      *end = '\0';
      port = end + 1;
    }
  else if (*end != '\0')
    return FALSE;
  if (!is_host (host, in_brackets))
    return FALSE;
  if (port != NULL && !g_ascii_string_to_unsigned (port, 10, 1, G_MAXUINT16, &number, NULL))
    return FALSE;
  self->host = g_strdup (host);
  if (port != NULL)
    self->port = (guint16) number;
  return TRUE;
}

static gboolean
parse_query (WherryIceUrl *self, const char *query)
{
  if (query == NULL)
    return TRUE;
  if (!self->is_turn)
    return FALSE;
  self->tcp = strcmp (query, "transport=tcp") == 0;
  return self->tcp || strcmp (query, "transport=udp") == 0;
}

static gboolean
parse (WherryIceUrl *self, const char *url)
{
  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autofree char *rest = NULL;
      char *query = NULL;

      if (g_ascii_strncasecmp (url, schemes[i].scheme, strlen (schemes[i].scheme)) != 0)
        continue;
      rest = g_strdup (url + strlen (schemes[i].scheme));
      self->is_turn = schemes[i].is_turn;
      self->tls = schemes[i].tls;
      self->tcp = self->tls;
      self->port = self->tls ? 5349 : 3478;
      query = strchr (rest, '?');
      if (query != NULL)
        *query++ = '\0';
      return parse_query (self, query) && parse_authority (self, rest);
    }
  return FALSE;
}

WherryIceUrl *
wherry_ice_url_parse (const char *url, GError **error)
{
  g_autoptr (WherryIceUrl) self = g_new0 (WherryIceUrl, 1);

  if (parse (self, url))
    return g_steal_pointer (&self);
  /* not the text itself: somebody may have put a password into it */
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                       "the URL of an ICE server is none of stun:HOST[:PORT], stuns:HOST[:PORT], "
                       "turn:HOST[:PORT][?transport=udp|tcp] and turns:HOST[:PORT]");
  return NULL;
}

void
wherry_ice_url_free (WherryIceUrl *self)
{
  if (self == NULL)
    return;
  g_free (self->host);
  g_free (self);
}
