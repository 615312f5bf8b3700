/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-turn-rest.h"

#include <string.h>

#define SHA1_BYTES 20u
/* RFC 8489 section 14.3: a USERNAME has fewer than 509 bytes; coturn cuts it much earlier. */
#define WHO_MAX 64u

void
wherry_turn_rest_make (const WherryTurnRest *self, const char *who, gint64 now_us, gint64 until_us,
                       char **username, char **credential)
{
  gint64 end_us = now_us + self->lifetime_us;
  g_autoptr (GHmac) hmac = NULL;
  g_autofree char *name = g_strndup (who, WHO_MAX);
  guint8 digest[SHA1_BYTES];
  gsize length = sizeof digest;

  if (until_us >= 0)
    end_us = MIN (end_us, until_us);
  /* a separator, a space or a line of its own would be read as something else */
  for (char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("-._@", *p) == NULL)
      *p = '_';
  *username = g_strdup_printf ("%" G_GINT64_FORMAT ":%s", end_us / G_USEC_PER_SEC, name);
  hmac = g_hmac_new (G_CHECKSUM_SHA1, (const guchar *) self->secret, strlen (self->secret));
  g_hmac_update (hmac, (const guchar *) *username, -1);
  g_hmac_get_digest (hmac, digest, &length);
  *credential = g_base64_encode (digest, length);
}
