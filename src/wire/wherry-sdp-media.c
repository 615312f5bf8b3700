/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "wire/wherry-sdp-media.h"

WherrySdpMedia *
wherry_sdp_media_new (void)
{
  return g_new0 (WherrySdpMedia, 1);
}

WherrySdpMedia *
wherry_sdp_media_copy (const WherrySdpMedia *self)
{
  WherrySdpMedia *copy = g_memdup2 (self, sizeof *self);

  copy->kind = g_strdup (self->kind);
  copy->proto = g_strdup (self->proto);
  copy->formats = g_strdup (self->formats);
  copy->mid = g_strdup (self->mid);
  return copy;
}

void
wherry_sdp_media_free (WherrySdpMedia *self)
{
  if (self == NULL)
    return;
  g_free (self->kind);
  g_free (self->proto);
  g_free (self->formats);
  g_free (self->mid);
  g_free (self);
}

/* m=<media> <port>["/"<number>] <proto> <fmt> ... (RFC 8866 section 5.14) */
WherrySdpMedia *
wherry_sdp_media_parse (const WherrySdpLine *line, GError **error)
{
  g_autoptr (WherrySdpMedia) media = wherry_sdp_media_new ();
  WherrySdpText rest = line->value;
  WherrySdpText kind = { 0 }, port = { 0 }, proto = { 0 }, part = { 0 };
  guint64 number = 0;

  if (!wherry_sdp_text_next (&rest, ' ', &kind) || !wherry_sdp_text_next (&rest, ' ', &port)
      || !wherry_sdp_text_next (&rest, ' ', &proto) || rest.data == NULL || rest.length == 0)
    {
      wherry_sdp_line_fail (line, "m= needs media, port, protocol and formats", error);
      return NULL;
    }
  media->kind = wherry_sdp_text_dup (kind);
  media->proto = wherry_sdp_text_dup (proto);
  media->formats = wherry_sdp_text_dup (rest);
  if (!wherry_sdp_text_next (&port, '/', &part)
      || !wherry_sdp_text_to_uint (part, G_MAXUINT16, &number))
    {
      wherry_sdp_line_fail (line, "the port of m= is not 0 to 65535", error);
      return NULL;
    }
  media->port = (guint) number;
  if (!wherry_sdp_text_is_token (kind) || !wherry_sdp_text_is_printable (rest))
    {
      wherry_sdp_line_fail (line, "characters that m= may not hold", error);
      return NULL;
    }
  while (wherry_sdp_text_next (&proto, '/', &part))
    if (!wherry_sdp_text_is_token (part))
      {
        wherry_sdp_line_fail (line, "the protocol of m= is malformed", error);
        return NULL;
      }
  return g_steal_pointer (&media);
}

/* Both the registered protocols (RFC 8841 section 12.2) and what came before them. */
gboolean
wherry_sdp_media_is_data (const WherrySdpMedia *media)
{
  return strcmp (media->kind, "application") == 0
         && (strcmp (media->proto, "UDP/DTLS/SCTP") == 0
             || strcmp (media->proto, "TCP/DTLS/SCTP") == 0
             || strcmp (media->proto, "DTLS/SCTP") == 0);
}
