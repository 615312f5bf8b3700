/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <errno.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-inlet.h"

/* One read: a fragment, which comes in a datagram, or a notification, which may come in several. */
#define READ_SIZE (2 * WHERRY_DATAGRAM_MAX)

/* A message that was sent as several (RFC 8831 section 6.6). */
typedef struct
{
  WherryBudgetHolder *holder; /* the association's (nullable), borrowed */
  gsize *total;               /* the association's, borrowed */
  GByteArray *bytes;
  gboolean too_large;
} WherrySctpAssembly;

static void
assembly_uncharge (WherrySctpAssembly *assembly)
{
  if (assembly->holder != NULL)
    wherry_budget_holder_release (assembly->holder, assembly->bytes->len);
  *assembly->total -= assembly->bytes->len;
}

static void
assembly_discard (WherrySctpAssembly *assembly)
{
  assembly_uncharge (assembly);
  g_byte_array_set_size (assembly->bytes, 0);
}

/* Its memory becomes the message's: a large one is never there twice. */
static WherryMessage *
assembly_take (WherrySctpAssembly *assembly, WherryMessageKind kind, gboolean empty,
               WherryBudget *budget)
{
  gsize length = assembly->bytes->len;
  guint8 *data;

  assembly_uncharge (assembly);
  data = g_byte_array_free (assembly->bytes, FALSE);
  assembly->bytes = g_byte_array_new ();
  /* what it had grown to is up to twice as much */
  return wherry_message_new_take (kind, g_realloc (data, length), empty ? 0 : length, budget);
}

static void
assembly_free (gpointer data)
{
  WherrySctpAssembly *assembly = data;

  assembly_discard (assembly);
  g_byte_array_unref (assembly->bytes);
  g_free (assembly);
}

void
wherry_sctp_association_init_receive (WherrySctpAssociation *self)
{
  self->assemblies = g_hash_table_new_full (NULL, NULL, NULL, assembly_free);
}

static void
charge_pieces (WherrySctpAssociation *self)
{
  gsize held = self->pieces != NULL ? wherry_sctp_pieces_get_held (self->pieces) : 0;

  if (self->holder != NULL && held > self->pieces_charged)
    wherry_budget_holder_charge (self->holder, held - self->pieces_charged);
  else if (self->holder != NULL && held < self->pieces_charged)
    wherry_budget_holder_release (self->holder, self->pieces_charged - held);
  self->pieces_charged = held;
}

static WherrySctpPieces *
ensure_pieces (WherrySctpAssociation *self)
{
  if (self->pieces == NULL)
    self->pieces
        = wherry_sctp_pieces_new (self->config.max_message_size,
                                  MAX (WHERRY_SCTP_UNFINISHED_MAX * self->config.max_message_size,
                                       WHERRY_SCTP_UNFINISHED_BYTES));
  return self->pieces;
}

void
wherry_sctp_association_clear_received (WherrySctpAssociation *self)
{
  g_hash_table_remove_all (self->assemblies);
  g_clear_pointer (&self->pieces, wherry_sctp_pieces_free);
  charge_pieces (self);
  g_clear_pointer (&self->notification, g_byte_array_unref);
}

void
wherry_sctp_association_mark (WherrySctpAssociation *self, guint8 *packet, gsize length)
{
  /* how many were negotiated may not have been read yet */
  guint n_streams = MAX (MAX (self->n_incoming, self->config.max_incoming_streams),
                         MAX (self->config.initial_streams, self->wanted));

  wherry_sctp_inlet_mark (packet, length, n_streams, ensure_pieces (self));
}

/* An ordered and an unordered message of one stream may be under way at once. */
static gpointer
assembly_key (guint16 stream, gboolean unordered)
{
  return GUINT_TO_POINTER ((guint) stream | (unordered ? 0x10000u : 0));
}

static WherrySctpAssembly *
ensure_assembly (WherrySctpAssociation *self, guint16 stream, gboolean unordered)
{
  gpointer key = assembly_key (stream, unordered);
  WherrySctpAssembly *assembly = g_hash_table_lookup (self->assemblies, key);

  if (assembly == NULL)
    {
      assembly = g_new0 (WherrySctpAssembly, 1);
      assembly->holder = self->holder;
      assembly->total = &self->unfinished_bytes;
      assembly->bytes = g_byte_array_new ();
      g_hash_table_insert (self->assemblies, key, assembly);
    }
  return assembly;
}

void
wherry_sctp_association_drop_stream (WherrySctpAssociation *self, guint16 stream)
{
  g_hash_table_remove (self->assemblies, assembly_key (stream, FALSE));
  g_hash_table_remove (self->assemblies, assembly_key (stream, TRUE));
  if (self->pieces == NULL)
    return;
  wherry_sctp_pieces_drop_stream (self->pieces, stream);
  charge_pieces (self);
}

static void
deliver (WherrySctpAssociation *self, guint16 stream, WherryMessage *message)
{
  if (self->events != NULL && self->events->message != NULL)
    self->events->message (self->user_data, stream, message);
  wherry_message_unref (message);
}

static void
refuse_too_large (WherrySctpAssociation *self, guint16 stream)
{
  wherry_counter_inc (WHERRY_COUNTER_SCTP_TOO_LARGE);
  wherry_info (
      &self->log,
      "A message on stream %u is larger than the %" G_GSIZE_FORMAT
      " bytes that were announced, or one of too many unfinished ones; the stream is reset",
      stream, self->config.max_message_size);
  wherry_sctp_association_reset_stream (WHERRY_STREAM_TRANSPORT (self), stream);
}

static void
add_piece (WherrySctpAssociation *self, WherrySctpAssembly *assembly, guint16 stream,
           const guint8 *data, gsize length)
{
  if (assembly->too_large)
    return;
  if (length > self->config.max_message_size - assembly->bytes->len
      || length
             > WHERRY_SCTP_UNFINISHED_MAX * self->config.max_message_size - self->unfinished_bytes)
    {
      assembly_discard (assembly);
      assembly->too_large = TRUE;
      refuse_too_large (self, stream);
      return;
    }
  if (self->holder != NULL)
    wherry_budget_holder_charge (self->holder, length);
  self->unfinished_bytes += length;
  g_byte_array_append (assembly->bytes, data, (guint) length);
}

/* RFC 8831 section 6.6: 52 and 54 mark an earlier piece of a message whose end has 53 or 51. */
static gboolean
is_partial_ppid (guint32 ppid)
{
  return ppid == WHERRY_PPID_BINARY_PARTIAL || ppid == WHERRY_PPID_STRING_PARTIAL;
}

/* What SCTP has for a message; part of one if ppid says so. */
static void
on_part (WherrySctpAssociation *self, guint16 stream, gboolean ordered, guint32 ppid,
         const guint8 *data, gsize length)
{
  gpointer key = assembly_key (stream, !ordered);
  WherrySctpAssembly *assembly = g_hash_table_lookup (self->assemblies, key);
  WherryMessage *message = NULL;
  WherryMessageKind kind;
  gboolean empty;

  if (is_partial_ppid (ppid) || assembly != NULL)
    {
      assembly = ensure_assembly (self, stream, !ordered);
      add_piece (self, assembly, stream, data, length);
      if (is_partial_ppid (ppid))
        return;
    }
  if (assembly != NULL && assembly->too_large)
    ;
  else if (!wherry_message_kind_from_ppid (ppid, &kind, &empty))
    wherry_counter_inc (WHERRY_COUNTER_SCTP_BAD_PPID);
  else if (assembly != NULL)
    message = assembly_take (assembly, kind, empty, self->config.budget);
  else
    message = wherry_message_new (kind, data, empty ? 0 : length, self->config.budget);
  if (assembly != NULL)
    g_hash_table_remove (self->assemblies, key);
  if (message != NULL)
    deliver (self, stream, message);
}

/* Its memory becomes the message's. */
static void
on_whole (WherrySctpAssociation *self, WherrySctpWhole *whole)
{
  gsize length = whole->bytes->len;
  g_autofree guint8 *data = g_byte_array_free (g_steal_pointer (&whole->bytes), FALSE);
  gboolean is_all
      = !is_partial_ppid (whole->ppid)
        && !g_hash_table_contains (self->assemblies, assembly_key (whole->stream, !whole->ordered));
  WherryMessageKind kind;
  gboolean empty;

  if (is_all && wherry_message_kind_from_ppid (whole->ppid, &kind, &empty))
    deliver (self, whole->stream,
             wherry_message_new_take (kind, g_realloc (g_steal_pointer (&data), length),
                                      empty ? 0 : length, self->config.budget));
  else
    on_part (self, whole->stream, whole->ordered, whole->ppid, data, length);
}

void
wherry_sctp_association_deliver_ready (WherrySctpAssociation *self)
{
  if (self->pieces != NULL)
    wherry_sctp_pieces_apply_skips (self->pieces);
  while (self->pieces != NULL)
    {
      g_autoptr (WherrySctpWhole) whole = wherry_sctp_pieces_pop (self->pieces);

      charge_pieces (self);
      if (whole == NULL)
        return;
      on_whole (self, whole);
    }
}

/* Each fragment comes as a message of its own. */
static void
on_data (WherrySctpAssociation *self, const struct sctp_rcvinfo *info, const guint8 *data,
         gsize length)
{
  WherrySctpPiece piece = { .stream = info->rcv_sid };
  WherrySctpPieceResult result;

  wherry_sctp_inlet_read_mark (&piece, self->interleaving, info->rcv_ssn, g_ntohl (info->rcv_ppid),
                               info->rcv_tsn);
  result = wherry_sctp_pieces_add (ensure_pieces (self), &piece, data, length);
  charge_pieces (self);
  if (result == WHERRY_SCTP_PIECE_REFUSED)
    refuse_too_large (self, piece.stream);
  else if (result == WHERRY_SCTP_PIECE_PASSES)
    on_part (self, piece.stream, piece.ordered, piece.ppid, data, length);
}

static void
on_notification (WherrySctpAssociation *self, const guint8 *data, gsize length, gboolean end)
{
  g_autoptr (GByteArray) whole = NULL;

  if (end && self->notification == NULL)
    {
      wherry_sctp_association_notification (self, data, length);
      return;
    }
  if (self->notification == NULL)
    self->notification = g_byte_array_new ();
  g_byte_array_append (self->notification, data, (guint) length);
  if (!end)
    return;
  whole = g_steal_pointer (&self->notification);
  wherry_sctp_association_notification (self, whole->data, whole->len);
}

/* Reading fails or ends. FALSE: there is just nothing now. */
static gboolean
is_read_end (WherrySctpAssociation *self, gssize length, int reason)
{
  if (length < 0 && (reason == EAGAIN || reason == EWOULDBLOCK || reason == EINTR))
    return FALSE;
  /* before the handshake is done there is nothing to read from */
  return self->state == WHERRY_TRANSPORT_CONNECTED || reason != ENOTCONN;
}

gboolean
wherry_sctp_association_may_read (WherrySctpAssociation *self)
{
  if (self->so == NULL || self->events == NULL)
    return FALSE;
  /* before CONNECTED there are no messages, and the state must be heard */
  if (self->draining || self->state != WHERRY_TRANSPORT_CONNECTED)
    return TRUE;
  if (self->paused)
    return FALSE;
  return self->config.budget == NULL
         || !wherry_sctp_endpoint_wait_budget (self->endpoint, self->config.budget);
}

/* All that came before what was given up was read. FALSE: that has made nothing ready. */
static gboolean
on_drained (WherrySctpAssociation *self)
{
  if (self->pieces == NULL)
    return FALSE;
  wherry_sctp_pieces_apply_skips (self->pieces);
  charge_pieces (self);
  return wherry_sctp_pieces_is_ready (self->pieces);
}

/* FALSE: nothing more to read now. */
static gboolean
receive_one (WherrySctpAssociation *self)
{
  guint8 buffer[READ_SIZE];
  struct sctp_rcvinfo info = { 0 };
  struct sockaddr_conn from;
  socklen_t from_length = sizeof from;
  socklen_t info_length = sizeof info;
  guint info_type = SCTP_RECVV_NOINFO;
  int flags = 0;
  gssize length;
  int reason;

  WHERRY_SCTP_CALL_QUIETLY (self, length = usrsctp_recvv (self->so, buffer, sizeof buffer,
                                                          (struct sockaddr *) &from, &from_length,
                                                          &info, &info_length, &info_type, &flags));
  reason = errno;
  if (length <= 0)
    {
      if (is_read_end (self, length, length < 0 ? reason : 0))
        wherry_sctp_association_end (self, WHERRY_TRANSPORT_CLOSED,
                                     g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                                  "The other side ended the SCTP association"));
      return on_drained (self);
    }
  if ((flags & MSG_NOTIFICATION) != 0)
    {
      on_notification (self, buffer, (gsize) length, (flags & MSG_EOR) != 0);
      return self->so != NULL;
    }
  if (info_type == SCTP_RECVV_RCVINFO)
    on_data (self, &info, buffer, (gsize) length);
  return self->so != NULL;
}

/* A message that is ready, or the next thing from usrsctp. FALSE: there is neither. */
static gboolean
take_one (WherrySctpAssociation *self)
{
  g_autoptr (WherrySctpWhole) whole
      = self->pieces != NULL ? wherry_sctp_pieces_pop (self->pieces) : NULL;

  if (whole == NULL)
    return receive_one (self);
  charge_pieces (self);
  on_whole (self, whole);
  return self->so != NULL;
}

gboolean
wherry_sctp_association_receive (WherrySctpAssociation *self)
{
  for (guint n = 0; wherry_sctp_association_may_read (self); n++)
    {
      /* a message's handler may have learned of the end */
      if (!self->draining && (self->end_error != NULL || n >= WHERRY_DISPATCH_BATCH))
        return TRUE;
      if (!take_one (self))
        return FALSE;
    }
  return FALSE;
}
