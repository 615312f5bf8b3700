/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <errno.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-check.h"
#include "sctp/wherry-sctp-options.h"

#define DEFAULT_PORT 5000 /* RFC 8841 section 5.1 has no default; everybody uses it */

static void wherry_sctp_association_iface_init (WherryStreamTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherrySctpAssociation, wherry_sctp_association, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WHERRY_TYPE_STREAM_TRANSPORT,
                                                      wherry_sctp_association_iface_init))

/* ---- usrsctp and the lower transport ---- */

static void
on_packet_out (gpointer user_data, const guint8 *data, gsize length)
{
  wherry_sctp_association_add_packet (user_data, data, length);
}

static void
on_packet_late (gpointer user_data, const guint8 *data, gsize length)
{
  WherrySctpAssociation *self = user_data;

  wherry_sctp_association_add_packet (self, data, length);
  /* sctp-timer posts a burst: the next dispatch of the context sends all of it */
  wherry_sctp_association_schedule (self);
}

static void
on_changed (gpointer user_data, gboolean late)
{
  WherrySctpAssociation *self = user_data;

  self->changed = TRUE;
  if (late)
    wherry_sctp_association_pump (self);
}

static const WherrySctpEndpointFuncs endpoint_funcs = {
  .packet_out = on_packet_out,
  .packet_late = on_packet_late,
  .changed = on_changed,
};

static struct socket *
make_socket (WherrySctpAssociation *self, GError **error)
{
  guint streams = MAX (self->config.initial_streams, self->wanted);
  WherrySctpOptions options
      = { .streams = streams,
          .max_incoming_streams = MAX (self->config.max_incoming_streams, streams),
          .send_buffer = self->config.send_buffer,
          .receive_buffer = self->config.receive_buffer,
          .interleaving = !self->config.no_interleaving };
  struct sockaddr_conn address
      = { .sconn_family = AF_CONN, .sconn_port = g_htons (self->config.local_port) };
  struct socket *so = usrsctp_socket (AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);

  self->n_paid = streams;
  if (so == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES, "Making an SCTP socket: %s",
                   g_strerror (errno));
      return NULL;
    }
  wherry_sctp_runtime_count_socket (1);
  address.sconn_addr = wherry_sctp_endpoint_get_address (self->endpoint);
  if (!wherry_sctp_options_socket (so, &options, error))
    {
      usrsctp_close (so);
      wherry_sctp_runtime_count_socket (-1);
      return NULL;
    }
  usrsctp_set_upcall (so, wherry_sctp_runtime_upcall, address.sconn_addr);
  if (usrsctp_bind (so, (struct sockaddr *) &address, sizeof address) != 0)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_FAILED, "Binding an SCTP socket: %s",
                   g_strerror (errno));
      usrsctp_close (so);
      wherry_sctp_runtime_count_socket (-1);
      return NULL;
    }
  return so;
}

static gboolean
connect_socket (WherrySctpAssociation *self, GError **error)
{
  struct sockaddr_conn address
      = { .sconn_family = AF_CONN,
          .sconn_port = g_htons (self->config.remote_port),
          .sconn_addr = wherry_sctp_endpoint_get_address (self->endpoint) };
  int result;

  WHERRY_SCTP_CALL (self, result = usrsctp_connect (self->so, (struct sockaddr *) &address,
                                                    sizeof address));
  if (result == 0 || errno == EINPROGRESS)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_FAILED, "Starting the SCTP handshake: %s",
               g_strerror (errno));
  return FALSE;
}

static void
start (WherrySctpAssociation *self)
{
  GError *error = NULL;

  if (self->state != WHERRY_TRANSPORT_NEW || self->so != NULL || self->end_error != NULL)
    return;

  self->endpoint = wherry_sctp_endpoint_new (self->context, &endpoint_funcs, self, &error);
  if (self->endpoint != NULL)
    WHERRY_SCTP_CALL (self, self->so = make_socket (self, &error));
  if (self->so != NULL && self->config.budget != NULL)
    self->holder = wherry_budget_holder_new (self->config.budget, wherry_sctp_endpoint_post_changed,
                                             self->endpoint);
  wherry_sctp_association_cork (self);
  if (self->so != NULL && connect_socket (self, &error))
    wherry_sctp_association_set_state (self, WHERRY_TRANSPORT_CONNECTING, NULL);
  else
    wherry_sctp_association_end (self, WHERRY_TRANSPORT_FAILED, error);
  wherry_sctp_association_uncork (self);
}

/* usrsctp grants whatever the other side asks for, up to 65535 streams of ours of 64 bytes. The
 * most that its channels can need is what it may send on itself; as much again, because a request
 * that was performed may come once more. */
static gboolean
may_have_streams (WherrySctpAssociation *self, guint more)
{
  guint most = MAX (self->config.max_incoming_streams, MAX (self->n_incoming, self->wanted));

  return more == 0 || self->n_streams + more <= 2 * most;
}

/* RFC 8260 section 2.2.1: both sides' messages come in the chunks that were negotiated. */
static gboolean
has_wrong_chunks (WherrySctpAssociation *self, const WherrySctpFound *found)
{
  return self->state == WHERRY_TRANSPORT_CONNECTED
         && (self->interleaving ? found->data : found->i_data);
}

static void
on_lower_packet (gpointer user_data, const guint8 *data, gsize length)
{
  g_autoptr (WherrySctpAssociation) self = g_object_ref (user_data);
  g_autofree guint8 *marked = NULL;
  WherrySctpFound found;

  if (self->so == NULL)
    {
      wherry_counter_inc (WHERRY_COUNTER_EARLY_DROPPED);
      return;
    }
  if (!wherry_sctp_check_packet (data, length, &found) || !may_have_streams (self, found.streams))
    {
      wherry_counter_inc (WHERRY_COUNTER_SCTP_BAD_PACKETS);
      return;
    }
  if (has_wrong_chunks (self, &found))
    {
      wherry_counter_inc (WHERRY_COUNTER_SCTP_BAD_PACKETS);
      wherry_sctp_association_end (self, WHERRY_TRANSPORT_FAILED,
                                   g_error_new (WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                                                "The other side sends a kind of SCTP data chunks "
                                                "that was not negotiated"));
      wherry_sctp_association_pump (self);
      return;
    }
  if (found.data || found.i_data)
    {
      marked = g_memdup2 (data, length);
      wherry_sctp_association_mark (self, marked, length);
      data = marked;
    }
  wherry_sctp_association_join_burst (self);
  wherry_sctp_flight_packet_in (&self->flight, data, length);
  wherry_sctp_association_note_first_tsn (self, data, length);
  if (found.ends)
    wherry_sctp_runtime_stop_timers ();
  if (found.resets)
    wherry_sctp_association_take_reset (self, data, length, found.reset_tsn);
  else if (found.urgent)
    wherry_sctp_association_feed (self, data, length);
  else
    WHERRY_SCTP_CALL_QUIETLY (self,
                              usrsctp_conninput (wherry_sctp_endpoint_get_address (self->endpoint),
                                                 data, length, 0));
  if (found.ends)
    wherry_sctp_runtime_start_timers ();
  wherry_sctp_association_review_rto (self);
  wherry_sctp_association_pump (self);
}

static void
on_lower_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  g_autoptr (WherrySctpAssociation) self = g_object_ref (user_data);

  switch (state)
    {
    case WHERRY_TRANSPORT_CONNECTED:
      start (self);
      break;
    case WHERRY_TRANSPORT_FAILED:
    case WHERRY_TRANSPORT_CLOSED:
      wherry_sctp_association_end (self, state,
                                   error != NULL
                                       ? g_error_copy (error)
                                       : g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                                      "The transport below SCTP was closed"));
      break;
    case WHERRY_TRANSPORT_NEW:
    case WHERRY_TRANSPORT_CONNECTING:
    case WHERRY_TRANSPORT_DISCONNECTED: /* may come back: SCTP retransmits */
    default:
      break;
    }
  if (self->end_error != NULL)
    wherry_sctp_association_pump (self);
}

static const WherryPacketTransportEvents lower_events = {
  .packet = on_lower_packet,
  .state = on_lower_state,
};

void
wherry_sctp_association_start_due (WherrySctpAssociation *self)
{
  WherryTransportState state = wherry_packet_transport_get_state (self->lower);

  self->start_due = FALSE;
  if (state == WHERRY_TRANSPORT_CONNECTED)
    start (self);
  wherry_packet_transport_set_events (self->lower, &lower_events, self);
  if (state == WHERRY_TRANSPORT_FAILED || state == WHERRY_TRANSPORT_CLOSED)
    on_lower_state (self, state, NULL);
}

/* ---- the stream transport ---- */

static void
wherry_sctp_association_set_events (WherryStreamTransport *transport,
                                    const WherryStreamTransportEvents *events, gpointer user_data)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);

  WHERRY_ASSERT_OWNER (self);

  self->events = events;
  self->user_data = user_data;
  if (events != NULL)
    wherry_sctp_association_schedule (self);
}

static WherryTransportState
wherry_sctp_association_get_state (WherryStreamTransport *transport)
{
  return WHERRY_SCTP_ASSOCIATION (transport)->state;
}

static void
wherry_sctp_association_set_paused (WherryStreamTransport *transport, gboolean paused)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);

  WHERRY_ASSERT_OWNER (self);

  if (self->paused == paused)
    return;
  self->paused = paused;
  if (!paused)
    wherry_sctp_association_schedule (self);
}

static void
wherry_sctp_association_drain (WherryStreamTransport *transport)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);

  WHERRY_ASSERT_OWNER (self);

  if (wherry_sctp_association_is_ended (self) || self->draining)
    return;
  g_object_ref (self);
  self->draining = TRUE;
  wherry_sctp_association_cork (self);
  wherry_sctp_association_receive (self);
  wherry_sctp_association_uncork (self);
  g_object_unref (self);
}

static gboolean
stream_transport_is_interleaving (WherryStreamTransport *transport)
{
  return WHERRY_SCTP_ASSOCIATION (transport)->interleaving;
}

static void
stream_transport_cork (WherryStreamTransport *transport)
{
  wherry_sctp_association_cork (WHERRY_SCTP_ASSOCIATION (transport));
}

static void
stream_transport_uncork (WherryStreamTransport *transport)
{
  wherry_sctp_association_uncork (WHERRY_SCTP_ASSOCIATION (transport));
}

static void
wherry_sctp_association_close (WherryStreamTransport *transport)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);

  WHERRY_ASSERT_OWNER (self);

  if (wherry_sctp_association_is_ended (self))
    return;
  self->state = WHERRY_TRANSPORT_CLOSED;
  self->events = NULL;
  g_clear_error (&self->end_error);
  wherry_packet_transport_set_events (self->lower, NULL, NULL);
  wherry_sctp_association_release (self);
}

static void
wherry_sctp_association_iface_init (WherryStreamTransportInterface *iface)
{
  iface->set_events = wherry_sctp_association_set_events;
  iface->get_state = wherry_sctp_association_get_state;
  iface->send = wherry_sctp_association_send;
  iface->get_n_streams = wherry_sctp_association_get_n_streams;
  iface->ensure_streams = wherry_sctp_association_ensure_streams;
  iface->reset_stream = wherry_sctp_association_reset_stream;
  iface->set_paused = wherry_sctp_association_set_paused;
  iface->drain = wherry_sctp_association_drain;
  iface->get_buffered = wherry_sctp_association_get_buffered;
  iface->is_interleaving = stream_transport_is_interleaving;
  iface->cork = stream_transport_cork;
  iface->uncork = stream_transport_uncork;
  iface->close = wherry_sctp_association_close;
}

static void
wherry_sctp_association_dispose (GObject *object)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (object);

  if (self->lower != NULL)
    wherry_sctp_association_close (WHERRY_STREAM_TRANSPORT (self));
  g_clear_object (&self->lower);
  G_OBJECT_CLASS (wherry_sctp_association_parent_class)->dispose (object);
}

static void
wherry_sctp_association_finalize (GObject *object)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (object);

  g_clear_error (&self->end_error);
  g_byte_array_unref (self->packets.bytes);
  g_array_unref (self->packets.lengths);
  wherry_sctp_turns_clear (&self->turns);
  g_hash_table_unref (self->assemblies);
  g_array_unref (self->resets);
  g_array_unref (self->resets_asked);
  g_array_unref (self->resets_denied);
  g_clear_pointer (&self->config.budget, wherry_budget_unref);
  wherry_loop_end_free (self->burst_end);
  g_main_context_unref (self->context);
  wherry_log_context_clear (&self->log);
  G_OBJECT_CLASS (wherry_sctp_association_parent_class)->finalize (object);
}

static void
wherry_sctp_association_class_init (WherrySctpAssociationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = wherry_sctp_association_dispose;
  object_class->finalize = wherry_sctp_association_finalize;
}

static void
wherry_sctp_association_init (WherrySctpAssociation *self)
{
  wherry_owner_init (&self->owner);
  self->packets.bytes = g_byte_array_new ();
  self->packets.lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->resets = g_array_new (FALSE, FALSE, sizeof (guint16));
  self->resets_asked = g_array_new (FALSE, FALSE, sizeof (guint16));
  self->resets_denied = g_array_new (FALSE, FALSE, sizeof (guint16));
  wherry_sctp_flight_init (&self->flight);
  wherry_sctp_turns_init (&self->turns);
  wherry_sctp_association_init_receive (self);
}

static void
apply_config (WherrySctpAssociation *self, const WherrySctpConfig *config)
{
  static const WherrySctpConfig defaults = { 0 };
  const WherrySctpConfig *from = config != NULL ? config : &defaults;

  self->config.local_port = from->local_port != 0 ? from->local_port : DEFAULT_PORT;
  self->config.remote_port = from->remote_port != 0 ? from->remote_port : DEFAULT_PORT;
  self->config.max_message_size
      = from->max_message_size != 0 ? from->max_message_size : WHERRY_MAX_MESSAGE_SIZE_DEFAULT;
  self->config.initial_streams = from->initial_streams != 0
                                     ? MIN (from->initial_streams, WHERRY_SCTP_STREAMS_MAX)
                                     : WHERRY_SCTP_STREAMS_INITIAL;
  self->config.max_incoming_streams
      = from->max_incoming_streams != 0 ? MIN (from->max_incoming_streams, WHERRY_SCTP_STREAMS_MAX)
                                        : WHERRY_SCTP_STREAMS_INCOMING;
  self->config.send_buffer = from->send_buffer != 0 ? from->send_buffer : WHERRY_SCTP_SNDBUF;
  self->config.receive_buffer
      = from->receive_buffer != 0 ? from->receive_buffer : WHERRY_SCTP_RCVBUF;
  self->config.streams_limit_us
      = from->streams_limit_us != 0 ? from->streams_limit_us : WHERRY_SCTP_STREAMS_LIMIT_US;
  if (from->budget != NULL)
    self->config.budget = wherry_budget_ref (from->budget);
  self->config.no_interleaving = from->no_interleaving;
  wherry_log_context_copy (&self->log, from->log);
}

WherrySctpAssociation *
wherry_sctp_association_new (WherryPacketTransport *lower, GMainContext *owner_context,
                             const WherrySctpConfig *config)
{
  WherrySctpAssociation *self = g_object_new (WHERRY_TYPE_SCTP_ASSOCIATION, NULL);

  self->lower = g_object_ref (lower);
  self->context
      = g_main_context_ref (owner_context != NULL ? owner_context : g_main_context_default ());
  self->burst_end = wherry_loop_end_new (self->context, wherry_sctp_association_end_burst, self);
  apply_config (self, config);
  /* The lower transport replays what it holds only once the socket is there to take it; and the
   * socket is made from the context, so that ensure_streams() may come before. */
  if (wherry_packet_transport_get_state (lower) == WHERRY_TRANSPORT_CONNECTED)
    {
      self->start_due = TRUE;
      wherry_sctp_association_schedule (self);
    }
  else
    wherry_packet_transport_set_events (lower, &lower_events, self);
  return self;
}
