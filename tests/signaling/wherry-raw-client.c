/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "fixtures/wherry-wait.h"
#include "signaling/wherry-raw-client.h"

RawClient *
wherry_raw_client_new (guint16 port)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", port);
  RawClient *self = g_new0 (RawClient, 1);
  g_autoptr (GError) error = NULL;

  self->in = g_byte_array_new ();
  self->socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_socket_connect (self->socket, address, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (self->socket, FALSE);
  g_socket_set_option (self->socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  return self;
}

void
wherry_raw_client_free (RawClient *self)
{
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_byte_array_unref (self->in);
  g_free (self);
}

void
wherry_raw_client_turn (RawClient *self)
{
  guint8 buffer[16384];

  while (!self->eof && !self->deaf)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_socket_receive (self->socket, (char *) buffer, sizeof buffer, NULL, &error);

      if (n > 0)
        g_byte_array_append (self->in, buffer, (guint) n);
      else if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        break;
      else
        self->eof = TRUE;
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
wherry_raw_client_send (RawClient *self, gconstpointer data, gsize length)
{
  const char *bytes = data;

  WHERRY_WAIT_UNTIL (NULL, ({
                       gssize n = g_socket_send (self->socket, bytes, length, NULL, NULL);

                       if (n > 0)
                         {
                           bytes += n;
                           length -= (gsize) n;
                         }
                       wherry_raw_client_turn (self);
                       length == 0 || self->eof;
                     }));
}

void
wherry_raw_client_wait_eof (RawClient *self)
{
  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_raw_client_turn (self);
                       self->eof;
                     }));
}

char *
wherry_raw_client_request (guint16 port, const char *text)
{
  g_autoptr (RawClient) client = wherry_raw_client_new (port);

  wherry_raw_client_send (client, text, strlen (text));
  wherry_raw_client_wait_eof (client);
  g_byte_array_append (client->in, (const guint8 *) "", 1);
  return g_strdup ((const char *) client->in->data);
}

/* The end of a head in what came, or NULL. */
static const char *
find_head_end (RawClient *self)
{
  const char *end = self->in->len > 0
                        ? g_strstr_len ((const char *) self->in->data, self->in->len, "\r\n\r\n")
                        : NULL;

  return end != NULL ? end + 4 : NULL;
}

char *
wherry_raw_client_upgrade (RawClient *self, guint16 port, const char *headers)
{
  g_autofree char *request = g_strdup_printf ("GET /connect HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                                              "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                              "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                                              "Sec-WebSocket-Version: 13\r\n%s\r\n",
                                              port, headers);
  gsize length;
  char *head;

  wherry_raw_client_send (self, request, strlen (request));
  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_raw_client_turn (self);
                       find_head_end (self) != NULL || self->eof;
                     }));
  g_assert_nonnull (find_head_end (self));
  length = (gsize) (find_head_end (self) - (const char *) self->in->data);
  head = g_strndup ((const char *) self->in->data, length);
  g_byte_array_remove_range (self->in, 0, (guint) length);
  return head;
}

RawClient *
wherry_raw_client_new_websocket (guint16 port)
{
  RawClient *self = wherry_raw_client_new (port);
  g_autofree char *head = wherry_raw_client_upgrade (self, port, "");

  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 101 "));
  return self;
}

void
wherry_raw_client_frame (RawClient *self, guint8 opcode, gconstpointer data, gsize length)
{
  static const guint8 mask[4] = { 1, 2, 3, 4 };
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  guint8 head[10] = { opcode };
  guint n = 2;

  /* RFC 6455 section 5.2 */
  if (length < 126)
    head[1] = (guint8) (0x80 | length);
  else
    {
      guint bytes = length < 65536 ? 2 : 8;

      head[1] = bytes == 2 ? 0xfe : 0xff;
      for (guint i = 0; i < bytes; i++)
        head[n++] = (guint8) ((guint64) length >> (8 * (bytes - 1 - i)));
    }
  g_byte_array_append (frame, head, n);
  g_byte_array_append (frame, mask, 4);
  for (gsize i = 0; i < length; i++)
    {
      guint8 byte = ((const guint8 *) data)[i] ^ mask[i % 4];

      g_byte_array_append (frame, &byte, 1);
    }
  wherry_raw_client_send (self, frame->data, frame->len);
}

void
wherry_raw_client_say (RawClient *self, const char *text)
{
  wherry_raw_client_frame (self, 0x81, text, strlen (text));
}

/* FALSE: not all of a frame is there. */
static gboolean
frame_span (RawClient *self, gsize *start, gsize *length)
{
  const guint8 *data = self->in->data;
  gsize n = self->in->len;
  guint bytes;

  if (n < 2)
    return FALSE;
  bytes = data[1] == 126 ? 2 : data[1] == 127 ? 8 : 0;
  if (n < 2 + bytes)
    return FALSE;
  *start = 2 + bytes;
  *length = bytes == 0 ? data[1] : 0;
  for (guint i = 0; i < bytes; i++)
    *length = *length << 8 | data[2 + i];
  return n >= *start + *length;
}

char *
wherry_raw_client_hear (RawClient *self, guint8 *opcode, gsize *length)
{
  gsize start;
  gsize span;
  char *text;

  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_raw_client_turn (self);
                       frame_span (self, &start, &span) || self->eof;
                     }));
  g_assert_true (frame_span (self, &start, &span));
  if (opcode != NULL)
    *opcode = self->in->data[0] & 0x0f;
  if (length != NULL)
    *length = span;
  text = g_malloc (span + 1);
  memcpy (text, self->in->data + start, span);
  text[span] = '\0';
  g_byte_array_remove_range (self->in, 0, (guint) (start + span));
  return text;
}

void
wherry_raw_client_hears (RawClient *self, const char *part)
{
  guint8 opcode;
  g_autofree char *text = wherry_raw_client_hear (self, &opcode, NULL);

  g_assert_cmpuint (opcode, ==, 1);
  if (strstr (text, part) == NULL)
    g_error ("expected “%s” in “%s”", part, text);
}

void
wherry_raw_client_hears_close (RawClient *self, guint code)
{
  guint8 opcode;
  gsize length;
  g_autofree char *text = wherry_raw_client_hear (self, &opcode, &length);

  g_assert_cmpuint (opcode, ==, 8);
  g_assert_cmpuint (length, >=, 2);
  g_assert_cmpuint ((guint8) text[0] << 8 | (guint8) text[1], ==, code);
}
