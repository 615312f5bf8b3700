/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-turns.h"

/* So far a flow may be ahead, so that the few small messages of a quiet one never wait. */
#define AHEAD_BYTES 16384u

void
wherry_sctp_turns_init (WherrySctpTurns *self)
{
  *self = (WherrySctpTurns){ 0 };
  self->shares = g_hash_table_new_full (NULL, NULL, NULL, g_free);
}

void
wherry_sctp_turns_reset (WherrySctpTurns *self)
{
  while (self->n_open > 0)
    wherry_sctp_turns_close (self, &self->open[0]);
  self->waiting_length = 0;
}

void
wherry_sctp_turns_clear (WherrySctpTurns *self)
{
  wherry_sctp_turns_reset (self);
  g_clear_pointer (&self->shares, g_hash_table_unref);
}

gboolean
wherry_sctp_turns_is_open (const WherrySctpTurns *self, guint16 stream)
{
  for (guint i = 0; i < self->n_open; i++)
    if (self->open[i].stream == stream)
      return TRUE;
  return FALSE;
}

gboolean
wherry_sctp_turns_is_shared (const WherrySctpTurns *self)
{
  return self->n_open > 1 || (self->n_open > 0 && g_hash_table_size (self->shares) > 0);
}

gsize
wherry_sctp_turns_get_left (const WherrySctpTurns *self)
{
  gsize left = 0;

  for (guint i = 0; i < self->n_open; i++)
    left += wherry_message_get_length (self->open[i].message) - self->open[i].offset;
  return left;
}

WherrySctpOutgoing *
wherry_sctp_turns_peek (WherrySctpTurns *self)
{
  WherrySctpOutgoing *next = NULL;

  for (guint i = 0; i < self->n_open; i++)
    if (next == NULL || wherry_share_is_before (&self->open[i].share, &next->share))
      next = &self->open[i];
  return next;
}

/* How far everybody is who has something to send. */
static guint64
get_now (WherrySctpTurns *self)
{
  WherrySctpOutgoing *next = wherry_sctp_turns_peek (self);

  return next != NULL ? next->share.count : 0;
}

static WherryShare *
ensure_share (WherrySctpTurns *self, guint16 stream, guint16 priority)
{
  gpointer key = GUINT_TO_POINTER (stream);
  WherryShare *share = g_hash_table_lookup (self->shares, key);

  if (share == NULL)
    {
      share = g_new0 (WherryShare, 1);
      g_hash_table_insert (self->shares, key, share);
    }
  wherry_share_join (share, wherry_priority_get_weight (priority), get_now (self));
  return share;
}

static gboolean
is_ahead (const WherryShare *share, const WherrySctpOutgoing *next)
{
  WherryShare limit = next->share;

  limit.weight = share->weight;
  wherry_share_charge (&limit, AHEAD_BYTES);
  return wherry_share_is_before (&limit, share);
}

/* A receiver holds what it has of every open message, and ours takes so many largest ones
 * (WHERRY_SCTP_UNFINISHED_MAX): only a more urgent one opens beside others. The first one may be
 * of any size, it is the oldest at the receiver. */
static gboolean
may_open (const WherrySctpTurns *self, guint weight, gsize length)
{
  for (guint i = 0; i < self->n_open; i++)
    if (self->open[i].share.weight >= weight)
      return FALSE;
  return self->n_open < WHERRY_SCTP_OPEN_MAX && length <= WHERRY_SCTP_BESIDE_MAX;
}

WherrySctpTurn
wherry_sctp_turns_ask (WherrySctpTurns *self, gboolean interleaving, guint16 stream,
                       guint16 priority, gsize length, gboolean small)
{
  WherrySctpOutgoing *next = wherry_sctp_turns_peek (self);
  guint weight = wherry_priority_get_weight (priority);

  if (next == NULL)
    return WHERRY_SCTP_TURN_NOW;
  if (!interleaving || wherry_sctp_turns_is_open (self, stream))
    return WHERRY_SCTP_TURN_NEVER;
  if (!small)
    return may_open (self, weight, length) ? WHERRY_SCTP_TURN_NOW : WHERRY_SCTP_TURN_NEVER;
  if (self->n_open > WHERRY_SCTP_OPEN_MAX)
    return WHERRY_SCTP_TURN_NEVER;
  if (!is_ahead (ensure_share (self, stream, priority), next))
    return WHERRY_SCTP_TURN_NOW;
  wherry_sctp_turns_wait (self, stream, priority, length);
  return WHERRY_SCTP_TURN_LATER;
}

void
wherry_sctp_turns_passed (WherrySctpTurns *self, guint16 stream, guint16 priority, gsize length)
{
  if (self->n_open > 0)
    wherry_share_charge (ensure_share (self, stream, priority), length);
}

void
wherry_sctp_turns_wait (WherrySctpTurns *self, guint16 stream, guint16 priority, gsize length)
{
  WherryShare *share = ensure_share (self, stream, priority);

  /* of those that wait, the first one */
  if (self->waiting_length > 0 && !wherry_share_is_before (share, &self->waiting))
    return;
  self->waiting = *share;
  self->waiting_length = length;
}

void
wherry_sctp_turns_open (WherrySctpTurns *self, WherrySctpOutgoing *outgoing)
{
  guint weight = wherry_priority_get_weight (outgoing->options.priority);
  WherryShare share = { 0 };

  g_assert (self->n_open < G_N_ELEMENTS (self->open));
  /* one that begins alone begins the count: nobody is ahead of anybody */
  if (self->n_open > 0)
    share = *ensure_share (self, outgoing->stream, outgoing->options.priority);
  wherry_share_join (&share, weight, 0);
  self->open[self->n_open] = *outgoing;
  self->open[self->n_open++].share = share;
  outgoing->message = NULL;
}

void
wherry_sctp_turns_fed (WherrySctpTurns *self, WherrySctpOutgoing *outgoing, gsize bytes)
{
  outgoing->offset += bytes;
  wherry_share_charge (&outgoing->share, bytes);
}

void
wherry_sctp_turns_close (WherrySctpTurns *self, WherrySctpOutgoing *outgoing)
{
  wherry_message_unref (outgoing->message);
  *outgoing = self->open[--self->n_open];
  self->n_closed++;
  if (self->n_open > 0)
    return;
  g_hash_table_remove_all (self->shares);
  self->waiting_length = 0;
}

gboolean
wherry_sctp_turns_is_waiting_next (WherrySctpTurns *self)
{
  WherrySctpOutgoing *next = wherry_sctp_turns_peek (self);

  return next != NULL && self->waiting_length > 0 && !is_ahead (&self->waiting, next);
}
