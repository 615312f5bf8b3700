/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/doctor/wherry-stun-socket.h"
#include "lib/wherry.h"

/* RFC 8489 section 6.2.1: doubled each time. Three requests and a last wait of 2 s are 3.5 s for a
 * dead server, where the RFC's seven would be 39.5 s: a person waits for the answer. */
#define RTO_MS 500u
#define TRIES 3u
/* To connect, and to be answered, over TCP: three lost SYNs are 7 s, one is 1 s. */
#define STREAM_TIMEOUT_MS 5000u
#define FRAME_HEADER 2u

struct _WherryStunSocket
{
  WherryStunTransport transport;
  GSocketAddress *remote;
  GInetAddress *bind;
  char *tls_name;
  const WherryStunSocketEvents *events;
  gpointer user_data;
  gboolean closed;
  GCancellable *cancellable;
  GSocket *socket;   /* UDP */
  GSource *readable; /* UDP */
  GIOStream *stream; /* TCP; NULL until it is connected */
  GSocketConnection *connection;
  char *local;
  GByteArray *request; /* under way */
  GByteArray *output;  /* of a stream */
  guint tries;
  gint64 sent_at;
  guint timer;
  guint8 input[FRAME_HEADER + WHERRY_STUN_MESSAGE_MAX];
  gsize n_input;
};

char *
wherry_stun_address_text (GSocketAddress *address)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  g_autofree char *host = g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  guint port = g_inet_socket_address_get_port (inet);

  return strchr (host, ':') != NULL ? g_strdup_printf ("[%s]:%u", host, port)
                                    : g_strdup_printf ("%s:%u", host, port);
}

static void
clear_socket (gpointer data)
{
  WherryStunSocket *self = data;

  g_clear_object (&self->remote);
  g_clear_object (&self->bind);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->socket);
  g_clear_object (&self->stream);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->request, g_byte_array_unref);
  g_clear_pointer (&self->output, g_byte_array_unref);
  g_free (self->tls_name);
  g_free (self->local);
}

static void
socket_unref (WherryStunSocket *self)
{
  g_rc_box_release_full (self, clear_socket);
}

typedef WherryStunSocket Held;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Held, socket_unref)

static void
stop_timer (WherryStunSocket *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
}

static void
fail (WherryStunSocket *self, const GError *error)
{
  if (self->closed || self->request == NULL)
    return;
  stop_timer (self);
  g_clear_pointer (&self->request, g_byte_array_unref);
  self->events->failed (self->user_data, error); /* may free self */
}

static void
fail_literal (WherryStunSocket *self, GQuark domain, int code, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, text);

  fail (self, error);
}

/* TRUE: it was the answer, and self may be gone. */
static gboolean
take_message (WherryStunSocket *self, const guint8 *bytes, gsize n)
{
  WherryStunMessage message;
  g_autoptr (GByteArray) request = NULL;

  if (self->request == NULL || !wherry_stun_message_parse (&message, bytes, n, NULL)
      || memcmp (message.id, self->request->data + 8, WHERRY_STUN_ID_SIZE) != 0
      || (message.class != WHERRY_STUN_CLASS_SUCCESS && message.class != WHERRY_STUN_CLASS_ERROR))
    return FALSE;
  stop_timer (self);
  request = g_steal_pointer (&self->request);
  self->events->answered (self->user_data, &message, g_get_monotonic_time () - self->sent_at);
  return TRUE;
}

static void
set_local (WherryStunSocket *self, GSocketAddress *address)
{
  g_free (self->local);
  self->local = address != NULL ? wherry_stun_address_text (address) : NULL;
}

/* ---- datagrams ---- */

static void send_datagram (WherryStunSocket *self);

static gboolean
on_unanswered (gpointer data)
{
  g_autoptr (Held) self = g_rc_box_acquire (data);

  self->timer = 0;
  if (self->tries < TRIES)
    send_datagram (self);
  else
    fail_literal (self, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _ ("no answer"));
  return G_SOURCE_REMOVE;
}

static void
send_datagram (WherryStunSocket *self)
{
  g_autoptr (GError) error = NULL;

  self->sent_at = g_get_monotonic_time ();
  if (g_socket_send (self->socket, (const char *) self->request->data, self->request->len, NULL,
                     &error)
          < 0
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      fail (self, error);
      return;
    }
  self->timer = g_timeout_add (RTO_MS << self->tries, on_unanswered, self);
  self->tries++;
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer data)
{
  g_autoptr (Held) self = g_rc_box_acquire (data);
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive (socket, (char *) self->input, sizeof self->input, NULL, &error);

  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n < 0)
    fail (self, error); /* ICMP: the socket is connected */
  else
    take_message (self, self->input, (gsize) n);
  return G_SOURCE_CONTINUE;
}

static gboolean
open_datagram (WherryStunSocket *self, GError **error)
{
  g_autoptr (GSocketAddress) own = NULL;
  g_autoptr (GSocketAddress) bound = NULL;

  self->socket = g_socket_new (g_socket_address_get_family (self->remote), G_SOCKET_TYPE_DATAGRAM,
                               G_SOCKET_PROTOCOL_UDP, error);
  if (self->socket == NULL)
    return FALSE;
  g_socket_set_blocking (self->socket, FALSE);
  if (self->bind != NULL)
    own = g_inet_socket_address_new (self->bind, 0);
  if ((own != NULL && !g_socket_bind (self->socket, own, FALSE, error))
      || !g_socket_connect (self->socket, self->remote, NULL, error))
    return FALSE;
  bound = g_socket_get_local_address (self->socket, NULL);
  set_local (self, bound);
  self->readable = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->readable, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->readable, g_main_context_get_thread_default ());
  return TRUE;
}

/* ---- streams ---- */

static gboolean
on_stream_late (gpointer data)
{
  g_autoptr (Held) self = g_rc_box_acquire (data);

  self->timer = 0;
  g_cancellable_cancel (self->cancellable);
  fail_literal (self, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                self->stream != NULL ? _ ("connected, but no answer")
                                     : _ ("no answer to the connection"));
  return G_SOURCE_REMOVE;
}

static void read_stream (WherryStunSocket *self);

/* RFC 4571: a length before each. Without it the message's own (RFC 8489 section 6.2.2). */
static gsize
next_length (WherryStunSocket *self, gsize *header)
{
  *header = self->transport == WHERRY_STUN_TRANSPORT_ICE_TCP ? FRAME_HEADER : 0;
  if (*header == 0)
    return wherry_stun_message_length (self->input, self->n_input);
  if (self->n_input < FRAME_HEADER)
    return 0;
  return FRAME_HEADER + (gsize) (self->input[0] << 8 | self->input[1]);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Held) self = data; /* this call's */
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);
  gsize length, header;

  if (self->closed || n <= 0)
    {
      if (n == 0)
        fail_literal (self, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                      _ ("the server closed the connection"));
      else if (n < 0)
        fail (self, error);
      return;
    }
  self->n_input += (gsize) n;
  while ((length = next_length (self, &header)) != 0 && length <= self->n_input)
    {
      if (take_message (self, self->input + header, length - header) && self->closed)
        return;
      self->n_input -= length;
      memmove (self->input, self->input + length, self->n_input);
    }
  if (length > sizeof self->input)
    fail_literal (self, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                  _ ("what answers there does not speak STUN"));
  else
    read_stream (self);
}

static void
read_stream (WherryStunSocket *self)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (self->stream),
                             self->input + self->n_input, sizeof self->input - self->n_input,
                             G_PRIORITY_DEFAULT, self->cancellable, on_read,
                             g_rc_box_acquire (self));
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Held) self = data; /* this call's */
  g_autoptr (GError) error = NULL;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error))
    fail (self, error);
}

static void
send_stream (WherryStunSocket *self)
{
  guint16 length = GUINT16_TO_BE ((guint16) self->request->len);

  /* beside the request, which an answer takes away */
  g_clear_pointer (&self->output, g_byte_array_unref);
  self->output = g_byte_array_new ();
  if (self->transport == WHERRY_STUN_TRANSPORT_ICE_TCP)
    g_byte_array_append (self->output, (const guint8 *) &length, sizeof length);
  g_byte_array_append (self->output, self->request->data, self->request->len);
  self->sent_at = g_get_monotonic_time ();
  self->tries++;
  g_output_stream_write_all_async (g_io_stream_get_output_stream (self->stream), self->output->data,
                                   self->output->len, G_PRIORITY_DEFAULT, self->cancellable,
                                   on_written, g_rc_box_acquire (self));
}

static void
begin_stream (WherryStunSocket *self, GIOStream *stream)
{
  self->stream = g_object_ref (stream);
  send_stream (self);
  read_stream (self);
}

static void
on_shaken (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Held) self = data; /* this call's */
  g_autoptr (GError) error = NULL;

  if (!g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error))
    fail (self, error);
  else if (!self->closed)
    begin_stream (self, G_IO_STREAM (source));
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Held) self = data; /* this call's */
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) own = NULL;
  g_autoptr (GSocketConnectable) identity = NULL;
  g_autoptr (GIOStream) tls = NULL;

  self->connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);
  if (self->connection == NULL)
    {
      fail (self, error);
      return;
    }
  if (self->closed)
    return;
  own = g_socket_connection_get_local_address (self->connection, NULL);
  set_local (self, own);
  if (self->transport != WHERRY_STUN_TRANSPORT_TLS)
    {
      begin_stream (self, G_IO_STREAM (self->connection));
      return;
    }
  identity = g_network_address_new (self->tls_name != NULL ? self->tls_name : "", 0);
  tls = g_tls_client_connection_new (G_IO_STREAM (self->connection), identity, &error);
  if (tls == NULL)
    fail (self, error);
  else
    g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, self->cancellable,
                                      on_shaken, g_rc_box_acquire (self));
}

static void
connect_stream (WherryStunSocket *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) own = NULL;

  /* a proxy would be another way than the one that is asked about */
  g_socket_client_set_enable_proxy (client, FALSE);
  if (self->bind != NULL)
    {
      own = g_inet_socket_address_new (self->bind, 0);
      g_socket_client_set_local_address (client, own);
    }
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (self->remote), self->cancellable,
                                 on_connected, g_rc_box_acquire (self));
}

/* ---- both ---- */

WherryStunSocket *
wherry_stun_socket_new (WherryStunTransport transport, GInetSocketAddress *remote,
                        GInetAddress *local, const char *tls_name,
                        const WherryStunSocketEvents *events, gpointer user_data)
{
  WherryStunSocket *self = g_rc_box_new0 (WherryStunSocket);

  self->transport = transport;
  self->remote = G_SOCKET_ADDRESS (g_object_ref (remote));
  self->bind = local != NULL ? g_object_ref (local) : NULL;
  self->tls_name = g_strdup (tls_name);
  self->events = events;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  return self;
}

/* What goes wrong at once is told later: who asks is not ready for it. */
static gboolean
on_ask (gpointer data)
{
  g_autoptr (Held) self = g_rc_box_acquire (data);
  g_autoptr (GError) error = NULL;

  self->timer = 0;
  if (self->transport == WHERRY_STUN_TRANSPORT_UDP)
    {
      if (self->socket == NULL && !open_datagram (self, &error))
        fail (self, error);
      else
        send_datagram (self);
      return G_SOURCE_REMOVE;
    }
  self->timer = g_timeout_add (STREAM_TIMEOUT_MS, on_stream_late, self);
  if (self->stream != NULL)
    send_stream (self);
  else
    connect_stream (self);
  return G_SOURCE_REMOVE;
}

void
wherry_stun_socket_ask (WherryStunSocket *self, GByteArray *request)
{
  g_assert (self->request == NULL && self->timer == 0);
  self->request = request;
  self->tries = 0;
  self->timer = g_idle_add (on_ask, self);
}

const char *
wherry_stun_socket_get_local (WherryStunSocket *self)
{
  return self->local;
}

guint
wherry_stun_socket_get_tries (WherryStunSocket *self)
{
  return self->tries;
}

void
wherry_stun_socket_free (WherryStunSocket *self)
{
  self->closed = TRUE;
  stop_timer (self);
  g_cancellable_cancel (self->cancellable);
  if (self->readable != NULL)
    {
      g_source_destroy (self->readable);
      g_clear_pointer (&self->readable, g_source_unref);
    }
  socket_unref (self);
}
