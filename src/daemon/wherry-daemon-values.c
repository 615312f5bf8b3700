/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include <glib/gi18n.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "daemon/wherry-daemon-values.h"

#define STUN_PORT 3478  /* RFC 8489 section 18.6 */
#define TURNS_PORT 5349 /* RFC 7065 section 3.2 */

static gboolean
fail (GError **error, const char *text, const char *expected)
{
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, _ ("“%s” is not %s"), text,
               expected);
  return FALSE;
}

gboolean
wherry_daemon_value_bool (const char *text, gboolean *out, GError **error)
{
  static const struct
  {
    const char *text;
    gboolean value;
  } words[] = { { "true", TRUE },   { "yes", TRUE }, { "1", TRUE },
                { "false", FALSE }, { "no", FALSE }, { "0", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (text, words[i].text) == 0)
      {
        *out = words[i].value;
        return TRUE;
      }
  return fail (error, text, _ ("“true” or “false”"));
}

static gboolean
out_of_range (GError **error, const char *text, guint64 min, guint64 max)
{
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
               _ ("“%s” is out of range: it must be from %" PRIu64 " to %" PRIu64), text, min, max);
  return FALSE;
}

/* The number at the start of text; *end is what follows. */
static gboolean
parse_number (const char *text, guint64 *out, const char **end)
{
  char *stop = NULL;

  if (!g_ascii_isdigit (*text) || strlen (text) > 18)
    return FALSE;
  *out = g_ascii_strtoull (text, &stop, 10);
  *end = stop;
  return TRUE;
}

gboolean
wherry_daemon_value_size (const char *text, guint64 min, guint64 max, guint64 *out, GError **error)
{
  static const char suffixes[] = "KMG";
  const char *end;
  const char *suffix;
  guint shift = 0;
  guint64 number;

  if (!parse_number (text, &number, &end))
    return fail (error, text, _ ("a size: write bytes, or a number with K, M or G behind it"));
  if (*end != '\0')
    {
      suffix = strchr (suffixes, g_ascii_toupper (*end));
      if (suffix == NULL || end[1] != '\0')
        return fail (error, text, _ ("a size: write bytes, or a number with K, M or G behind it"));
      shift = 10 * (guint) (suffix - suffixes + 1);
    }
  if (number > max >> shift || number << shift < min)
    return out_of_range (error, text, min, max);

  *out = number << shift;
  return TRUE;
}

gboolean
wherry_daemon_value_uint (const char *text, guint64 min, guint64 max, guint64 *out, GError **error)
{
  const char *end;
  guint64 number;

  if (!parse_number (text, &number, &end) || *end != '\0')
    return fail (error, text, _ ("a whole number"));
  if (number < min || number > max)
    return out_of_range (error, text, min, max);

  *out = number;
  return TRUE;
}

gboolean
wherry_daemon_value_threads (const char *text, guint *out, GError **error)
{
  const char *end;
  guint64 number = 0;

  if (!g_str_equal (text, "per-peer"))
    {
      if (!parse_number (text, &number, &end) || *end != '\0')
        return fail (error, text, _ ("“per-peer” or a whole number"));
      if (number < 1 || number > WHERRY_PEER_THREADS_MAX)
        return out_of_range (error, text, 1, WHERRY_PEER_THREADS_MAX);
    }
  *out = (guint) number;
  return TRUE;
}

gboolean
wherry_daemon_value_word (const char *text, const char *const *words, guint *out, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (g_str_equal (text, words[i]))
        {
          *out = i;
          return TRUE;
        }
      g_string_append_printf (list, "%s“%s”", i > 0 ? ", " : "", words[i]);
    }
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
               /* Translators: the list is of words in quotation marks, with commas */
               _ ("“%s” is none of %s"), text, list->str);
  return FALSE;
}

gboolean
wherry_daemon_value_ms (const char *text, gint64 *out_us, GError **error)
{
  const char *end;
  guint64 number;
  guint64 factor = 1;

  if (!parse_number (text, &number, &end))
    return fail (error, text, _ ("a time: write milliseconds, or seconds with an “s” behind"));
  if (g_str_equal (end, "s"))
    factor = 1000;
  else if (*end != '\0' && !g_str_equal (end, "ms"))
    return fail (error, text, _ ("a time: write milliseconds, or seconds with an “s” behind"));
  if (number < 1 || number > 24 * 3600 * G_GUINT64_CONSTANT (1000) / factor)
    return out_of_range (error, text, 1, 24 * 3600 * 1000 / factor);

  *out_us = (gint64) (number * factor * G_TIME_SPAN_MILLISECOND);
  return TRUE;
}

/* "HOST", "HOST:PORT", "[IPV6]:PORT", and with default_port < 0 the port must be there. */
static gboolean
parse_host_port (const char *text, int default_port, char **host, guint16 *port)
{
  const char *colon = strrchr (text, ':');
  const char *bracket = strrchr (text, ']');
  g_autofree char *name = NULL;
  guint64 number = 0;

  if (bracket != NULL && colon != NULL && colon < bracket)
    colon = NULL;
  if (colon == NULL && default_port < 0)
    return FALSE;
  name = g_strndup (text, colon != NULL ? (gsize) (colon - text) : strlen (text));
  if (colon != NULL && !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &number, NULL))
    return FALSE;
  if (*name == '[')
    {
      gsize length = strlen (name);

      if (name[length - 1] != ']')
        return FALSE;
      name[length - 1] = '\0';
      memmove (name, name + 1, length - 1);
      if (!g_hostname_is_ip_address (name))
        return FALSE;
    }
  else if (strchr (name, ':') != NULL)
    return FALSE; /* an IPv6 address without brackets: where would the port begin? */
  if (*name == '\0' || strpbrk (name, " /?#@[]") != NULL)
    return FALSE;

  *port = colon != NULL ? (guint16) number : (guint16) default_port;
  *host = g_steal_pointer (&name);
  return TRUE;
}

GSocketAddress *
wherry_daemon_value_address (const char *text, GError **error)
{
  g_autofree char *host = NULL;
  GSocketAddress *address;
  guint16 port;

  if (!parse_host_port (text, -1, &host, &port))
    {
      fail (error, text, _ ("an address and port, as in 127.0.0.1:8888 or [::1]:8888"));
      return NULL;
    }
  address
      = g_inet_socket_address_new_from_string (g_str_equal (host, "localhost") ? "127.0.0.1" : host,
                                               port);
  if (address == NULL)
    fail (error, text, _ ("an address: write numbers, as in 127.0.0.1:8888, not a name"));
  return address;
}

gboolean
wherry_daemon_value_port_range (const char *text, guint16 *min, guint16 *max, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "-", 2);
  guint64 low;
  guint64 high;

  if (g_strv_length (parts) != 2 || !g_ascii_string_to_unsigned (parts[0], 10, 1, 65535, &low, NULL)
      || !g_ascii_string_to_unsigned (parts[1], 10, 1, 65535, &high, NULL) || low > high)
    return fail (error, text, _ ("a range of ports, as in 40000-40999"));

  *min = (guint16) low;
  *max = (guint16) high;
  return TRUE;
}

gboolean
wherry_daemon_value_stun (const char *text, WherryIceConfig *ice, GError **error)
{
  const char *rest = g_str_has_prefix (text, "stun:") ? text + strlen ("stun:") : text;
  g_autofree char *host = NULL;
  guint16 port;

  if (!parse_host_port (rest, STUN_PORT, &host, &port) || port == 0)
    return fail (error, text, _ ("a STUN server, as in stun:stun.example.org:3478"));

  wherry_ice_config_add_stun_server (ice, host, port);
  return TRUE;
}

/* The password is never repeated in an error. */
gboolean
wherry_daemon_value_turn (const char *text, WherryIceConfig *ice, GError **error)
{
  gboolean tls = g_str_has_prefix (text, "turns:");
  const char *rest = tls                                ? text + strlen ("turns:")
                     : g_str_has_prefix (text, "turn:") ? text + strlen ("turn:")
                                                        : text;
  const char *at = strrchr (rest, '@');
  const char *colon = strchr (rest, ':');
  const char *query = at != NULL ? strchr (at, '?') : NULL;
  g_autofree char *user = NULL;
  g_autofree char *password = NULL;
  g_autofree char *authority = NULL;
  g_autofree char *host = NULL;
  gboolean tcp = FALSE;
  guint16 port;

  if (at != NULL && colon != NULL && colon < at)
    {
      user = g_uri_unescape_segment (rest, colon, NULL);
      password = g_uri_unescape_segment (colon + 1, at, NULL);
      authority = query != NULL ? g_strndup (at + 1, query - at - 1) : g_strdup (at + 1);
    }
  if (query != NULL)
    tcp = g_str_equal (query, "?transport=tcp");
  if (user == NULL || password == NULL || *user == '\0'
      || (query != NULL && !tcp && (tls || !g_str_equal (query, "?transport=udp")))
      || !parse_host_port (authority, tls ? TURNS_PORT : STUN_PORT, &host, &port) || port == 0)
    {
      g_set_error_literal (
          error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
          _ ("a TURN server is written turn:USER:PASSWORD@turn.example.org:3478, "
             "with ?transport=tcp behind it for TCP, or turns: for TLS; write %3A and "
             "%40 for a colon and an @ in user or password"));
      return FALSE;
    }

  if (tls)
    wherry_ice_config_add_turns_server (ice, host, port, user, password);
  else
    wherry_ice_config_add_turn_server (ice, host, port, user, password, tcp);
  return TRUE;
}
