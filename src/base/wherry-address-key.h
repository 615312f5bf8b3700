/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a network is known by where it is counted or refused: an IPv4 address itself, also where it
 * shows as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2); of an IPv6 address its /64, which is the
 * least that one site is given (RFC 6177). Thread: any */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint8 bytes[16];
} WherryAddressKey;

/* text: as g_inet_address_to_string() writes it (nullable). FALSE: it is no address. */
gboolean wherry_address_key_parse (const char *text, WherryAddressKey *out);
gboolean wherry_address_key_is_loopback (const WherryAddressKey *self);
guint wherry_address_key_hash (gconstpointer key);
gboolean wherry_address_key_equal (gconstpointer a, gconstpointer b);

G_END_DECLS
