/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include "cli/doctor/wherry-stun-url.h"

#define PORT 3478
#define TLS_PORT 5349

/* (transfer full) (nullable): the host; rest: what stands behind it */
static char *
take_host (const char *text, const char **rest)
{
  const char *end;

  if (*text == '[')
    {
      end = strchr (text, ']');
      *rest = end != NULL ? end + 1 : NULL;
      return end != NULL && end > text + 1 ? g_strndup (text + 1, (gsize) (end - text - 1)) : NULL;
    }
  end = text + strcspn (text, ":?");
  *rest = end;
  return end > text ? g_strndup (text, (gsize) (end - text)) : NULL;
}

static gboolean
take_port (const char **rest, guint16 *port)
{
  guint64 value = 0;
  gsize n;
  g_autofree char *digits = NULL;

  if (**rest != ':')
    return TRUE;
  n = strcspn (*rest + 1, "?");
  digits = g_strndup (*rest + 1, n);
  *rest += 1 + n;
  if (!g_ascii_string_to_unsigned (digits, 10, 1, G_MAXUINT16, &value, NULL))
    return FALSE;
  *port = (guint16) value;
  return TRUE;
}

gboolean
wherry_stun_url_parse (WherryStunUrl *self, const char *text)
{
  static const struct
  {
    const char *scheme;
    WherryStunQuestion question;
    gboolean is_secure;
  } table[] = {
    { "stun:", WHERRY_STUN_QUESTION_BINDING, FALSE },
    { "stuns:", WHERRY_STUN_QUESTION_BINDING, TRUE },
    { "turn:", WHERRY_STUN_QUESTION_ALLOCATE, FALSE },
    { "turns:", WHERRY_STUN_QUESTION_ALLOCATE, TRUE },
  };
  g_autofree char *host = NULL;
  const char *rest = NULL;
  gboolean is_udp;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_ascii_strncasecmp (text, table[i].scheme, strlen (table[i].scheme)) == 0)
      break;
  if (i == G_N_ELEMENTS (table))
    return FALSE;
  *self = (WherryStunUrl){ .question = table[i].question,
                           .port = table[i].is_secure ? TLS_PORT : PORT };
  host = take_host (text + strlen (table[i].scheme), &rest);
  if (host == NULL || !take_port (&rest, &self->port))
    return FALSE;
  is_udp = g_str_equal (rest, "?transport=udp");
  if (*rest != '\0' && !is_udp && !g_str_equal (rest, "?transport=tcp"))
    return FALSE;
  if (table[i].is_secure)
    self->transport = WHERRY_STUN_TRANSPORT_TLS;
  else if (*rest != '\0' && !is_udp)
    self->transport = WHERRY_STUN_TRANSPORT_TCP;
  else
    self->transport = WHERRY_STUN_TRANSPORT_UDP;
  self->host = g_steal_pointer (&host);
  return TRUE;
}

void
wherry_stun_url_clear (WherryStunUrl *self)
{
  g_clear_pointer (&self->host, g_free);
}
