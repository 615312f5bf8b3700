/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-address-key.h"

#include <string.h>

#include <gio/gio.h>

#define SITE_BYTES 8

static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
static const guint8 loopback[16] = { [15] = 1 };

gboolean
wherry_address_key_parse (const char *text, WherryAddressKey *out)
{
  g_autoptr (GInetAddress) address = text != NULL ? g_inet_address_new_from_string (text) : NULL;
  const guint8 *bytes;

  memset (out, 0, sizeof *out);
  if (address == NULL)
    return FALSE;
  bytes = g_inet_address_to_bytes (address);
  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    {
      memcpy (out->bytes, mapped, sizeof mapped);
      memcpy (out->bytes + sizeof mapped, bytes, 4);
      return TRUE;
    }
  /* ::1 and the mapped ones share their first bytes with much else */
  if (memcmp (bytes, mapped, sizeof mapped) == 0 || memcmp (bytes, loopback, sizeof loopback) == 0)
    memcpy (out->bytes, bytes, sizeof out->bytes);
  else
    memcpy (out->bytes, bytes, SITE_BYTES);
  return TRUE;
}

gboolean
wherry_address_key_is_loopback (const WherryAddressKey *self)
{
  return memcmp (self->bytes, loopback, sizeof loopback) == 0
         || (memcmp (self->bytes, mapped, sizeof mapped) == 0 && self->bytes[12] == 127);
}

guint
wherry_address_key_hash (gconstpointer key)
{
  const WherryAddressKey *self = key;
  guint hash = 5381;

  for (guint i = 0; i < sizeof self->bytes; i++)
    hash = hash * 33 + self->bytes[i];
  return hash;
}

gboolean
wherry_address_key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (WherryAddressKey)) == 0;
}
