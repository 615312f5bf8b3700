/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-pieces.h"

/* A place in the order of fragments: stream, number and position; the place behind a fragment is
 * the same with the next position. With DATA the position, a TSN, is enough, and the number 0; with
 * I-DATA ordered and unordered ones have numbers of their own, and positions are far from the
 * highest bit. */
#define STREAM_SHIFT 48
#define NUMBER_SHIFT 32
#define ORDERED_BIT 0x80000000u

/* Where a fragment, or what is there of a message, belongs. */
typedef struct
{
  guint64 place; /* of the fragment, or of the one that it waits for; the hash key */
  guint32 tsn;   /* of the last one that is there */
  guint16 number;
  gboolean ordered;
  gboolean by_tsn;
} Belongs;

/* A message of which the first pieces are there. */
typedef struct
{
  Belongs to; /* first: a place is the hash key */
  guint32 ppid;
  GByteArray *bytes;
  gboolean too_large;
} WherrySctpOpen;

/* A piece that came before the one in front of it. */
typedef struct
{
  Belongs to; /* first: a place is the hash key */
  gboolean ends;
  gsize length;
  guint8 data[];
} WherrySctpOrphan;

typedef struct
{
  guint16 number;
  guint32 tsn;
} WherrySctpSkip;

struct _WherrySctpPieces
{
  gsize max_message;
  gsize max_held;
  gsize held;          /* not in order */
  GHashTable *open;    /* of WherrySctpOpen */
  GHashTable *orphans; /* of WherrySctpOrphan */
  GHashTable *skips;   /* stream and order -> WherrySctpSkip */
  gboolean skip_all;
  guint32 skip_all_tsn;
  WherrySctpOrder order;
};

static void
open_free (gpointer data)
{
  WherrySctpOpen *open = data;

  if (open->bytes != NULL)
    g_byte_array_unref (open->bytes);
  g_free (open);
}

WherrySctpPieces *
wherry_sctp_pieces_new (gsize max_message, gsize max_held)
{
  WherrySctpPieces *self = g_new0 (WherrySctpPieces, 1);

  self->max_message = max_message;
  self->max_held = max_held;
  self->open = g_hash_table_new_full (g_int64_hash, g_int64_equal, open_free, NULL);
  self->orphans = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->skips = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  wherry_sctp_order_init (&self->order);
  return self;
}

void
wherry_sctp_pieces_free (WherrySctpPieces *self)
{
  g_hash_table_unref (self->open);
  g_hash_table_unref (self->orphans);
  g_hash_table_unref (self->skips);
  wherry_sctp_order_clear (&self->order);
  g_free (self);
}

static guint64
place_of (const WherrySctpPiece *piece)
{
  guint64 stream = (guint64) piece->stream << STREAM_SHIFT;

  if (piece->by_tsn)
    return stream | piece->position;
  return stream | ((guint64) piece->number << NUMBER_SHIFT) | (piece->position & ~ORDERED_BIT)
         | (piece->ordered ? ORDERED_BIT : 0);
}

/* TSNs wrap (RFC 9260 section 1.6). */
static guint64
place_after (guint64 place)
{
  return (place & ~(guint64) G_MAXUINT32) | (guint32) (place + 1);
}

static guint16
stream_of (guint64 place)
{
  return (guint16) (place >> STREAM_SHIFT);
}

static gsize
open_cost (gconstpointer entry)
{
  const WherrySctpOpen *open = entry;

  return WHERRY_MESSAGE_OVERHEAD + (open->bytes != NULL ? open->bytes->len : 0);
}

static gsize
orphan_cost (gconstpointer entry)
{
  const WherrySctpOrphan *orphan = entry;

  return WHERRY_MESSAGE_OVERHEAD + orphan->length;
}

/* ---- what comes ---- */

gsize
wherry_sctp_pieces_get_held (WherrySctpPieces *self)
{
  return self->held + self->order.held;
}

static gsize
get_room (WherrySctpPieces *self)
{
  gsize held = wherry_sctp_pieces_get_held (self);

  return self->max_held - MIN (held, self->max_held);
}

/* FALSE: it is one byte too many; what there was is gone. */
static gboolean
append (WherrySctpPieces *self, WherrySctpOpen *open, guint32 tsn, const guint8 *data, gsize length)
{
  gboolean was_too_large = open->too_large;

  open->to.place = place_after (open->to.place);
  open->to.tsn = tsn;
  if (!was_too_large && length <= get_room (self) && length <= self->max_message - open->bytes->len)
    {
      g_byte_array_append (open->bytes, data, (guint) length);
      self->held += length;
      return TRUE;
    }
  open->too_large = TRUE;
  if (open->bytes != NULL)
    self->held -= open->bytes->len;
  g_clear_pointer (&open->bytes, g_byte_array_unref);
  return was_too_large;
}

static WherrySctpOrphan *
take_orphan (WherrySctpPieces *self, guint64 place)
{
  gpointer orphan = NULL;

  if (g_hash_table_steal_extended (self->orphans, &place, &orphan, NULL))
    self->held -= orphan_cost (orphan);
  return orphan;
}

static WherrySctpPieceResult
keep_orphan (WherrySctpPieces *self, const Belongs *to, gboolean ends, const guint8 *data,
             gsize length)
{
  WherrySctpOrphan *orphan;

  if (g_hash_table_contains (self->orphans, &to->place))
    return WHERRY_SCTP_PIECE_KEPT;
  if (length + WHERRY_MESSAGE_OVERHEAD > get_room (self))
    return WHERRY_SCTP_PIECE_REFUSED;
  orphan = g_malloc (sizeof *orphan + length);
  orphan->to = *to;
  orphan->ends = ends;
  orphan->length = length;
  memcpy (orphan->data, data, length);
  self->held += orphan_cost (orphan);
  g_hash_table_add (self->orphans, orphan);
  return WHERRY_SCTP_PIECE_KEPT;
}

/* NULL: there is none for this piece, or no room for one. */
static WherrySctpOpen *
take_open (WherrySctpPieces *self, const Belongs *to, const WherrySctpPiece *piece)
{
  gpointer found = NULL;
  WherrySctpOpen *open;

  if (!piece->begins)
    {
      g_hash_table_steal_extended (self->open, &to->place, &found, NULL);
      return found;
    }
  if (WHERRY_MESSAGE_OVERHEAD > get_room (self))
    return NULL;
  open = g_new0 (WherrySctpOpen, 1);
  open->to = *to;
  open->ppid = piece->ppid;
  open->bytes = g_byte_array_new ();
  self->held += WHERRY_MESSAGE_OVERHEAD;
  return open;
}

/* One that was too large leaves a gap in the order all the same. */
static void
finish (WherrySctpPieces *self, WherrySctpOpen *open)
{
  WherrySctpWhole *whole = g_new0 (WherrySctpWhole, 1);

  self->held -= open_cost (open);
  whole->stream = stream_of (open->to.place);
  whole->number = open->to.number;
  whole->ordered = open->to.ordered;
  whole->ppid = open->ppid;
  whole->bytes = g_steal_pointer (&open->bytes);
  open_free (open);
  wherry_sctp_order_add (&self->order, whole);
}

static void
keep_open (WherrySctpPieces *self, WherrySctpOpen *open)
{
  WherrySctpOpen *other = g_hash_table_lookup (self->open, &open->to.place);

  /* only somebody hostile begins one twice */
  if (other != NULL)
    {
      g_hash_table_steal (self->open, other);
      self->held -= open_cost (other);
      open_free (other);
    }
  g_hash_table_add (self->open, open);
}

WherrySctpPieceResult
wherry_sctp_pieces_add (WherrySctpPieces *self, const WherrySctpPiece *piece, const guint8 *data,
                        gsize length)
{
  const Belongs to = { .place = place_of (piece),
                       .tsn = piece->tsn,
                       .number = piece->number,
                       .ordered = piece->ordered,
                       .by_tsn = piece->by_tsn };
  gboolean ends = piece->ends;
  WherrySctpOpen *open;
  gboolean fits;

  if (piece->begins && ends && length <= self->max_message
      && (!piece->ordered || wherry_sctp_order_pass (&self->order, piece->stream, piece->number)))
    return WHERRY_SCTP_PIECE_PASSES;
  open = take_open (self, &to, piece);
  if (open == NULL)
    return piece->begins ? WHERRY_SCTP_PIECE_REFUSED : keep_orphan (self, &to, ends, data, length);
  fits = append (self, open, piece->tsn, data, length);
  while (!ends)
    {
      g_autofree WherrySctpOrphan *orphan = take_orphan (self, open->to.place);

      if (orphan == NULL)
        break;
      fits = append (self, open, orphan->to.tsn, orphan->data, orphan->length) && fits;
      ends = orphan->ends;
    }
  if (ends)
    finish (self, open);
  else
    keep_open (self, open);
  return fits ? WHERRY_SCTP_PIECE_KEPT : WHERRY_SCTP_PIECE_REFUSED;
}

WherrySctpWhole *
wherry_sctp_pieces_pop (WherrySctpPieces *self)
{
  return wherry_sctp_order_pop (&self->order);
}

gboolean
wherry_sctp_pieces_is_ready (WherrySctpPieces *self)
{
  return !g_queue_is_empty (&self->order.ready);
}

/* ---- what will not come ---- */

static gboolean
tsn_reached (guint32 tsn, guint32 reached)
{
  return (gint32) (tsn - reached) <= 0;
}

static gboolean
number_reached (guint16 number, guint16 reached)
{
  return (gint16) (number - reached) <= 0;
}

static gpointer
skip_key (guint16 stream, gboolean ordered)
{
  return GUINT_TO_POINTER ((guint) stream | (ordered ? 0x10000u : 0));
}

/* next: with DATA, the TSN of what is missing. */
static gboolean
is_skipped (WherrySctpPieces *self, const Belongs *to, guint32 next)
{
  WherrySctpSkip *skip;

  if (to->by_tsn)
    return self->skip_all && tsn_reached (next, self->skip_all_tsn);
  skip = g_hash_table_lookup (self->skips, skip_key (stream_of (to->place), to->ordered));
  /* one whose pieces are still coming was not given up, though a later one was */
  return skip != NULL && tsn_reached (to->tsn, skip->tsn)
         && number_reached (to->number, skip->number);
}

static gboolean
skip_open (gpointer key, gpointer value, gpointer user_data)
{
  WherrySctpPieces *self = user_data;
  WherrySctpOpen *open = key;

  if (!is_skipped (self, &open->to, (guint32) open->to.place))
    return FALSE;
  self->held -= open_cost (open);
  return TRUE;
}

static gboolean
skip_orphan (gpointer key, gpointer value, gpointer user_data)
{
  WherrySctpPieces *self = user_data;
  WherrySctpOrphan *orphan = key;

  if (!is_skipped (self, &orphan->to, orphan->to.tsn))
    return FALSE;
  self->held -= orphan_cost (orphan);
  return TRUE;
}

void
wherry_sctp_pieces_note_skip (WherrySctpPieces *self, guint16 stream, gboolean ordered,
                              guint16 number, guint32 tsn)
{
  gpointer key = skip_key (stream, ordered);
  WherrySctpSkip *skip = g_hash_table_lookup (self->skips, key);

  if (skip == NULL)
    {
      skip = g_new (WherrySctpSkip, 1);
      *skip = (WherrySctpSkip){ .number = number, .tsn = tsn };
      g_hash_table_insert (self->skips, key, skip);
    }
  if (number_reached (skip->number, number))
    skip->number = number;
  if (tsn_reached (skip->tsn, tsn))
    skip->tsn = tsn;
}

void
wherry_sctp_pieces_note_skip_all (WherrySctpPieces *self, guint32 tsn)
{
  if (!self->skip_all || tsn_reached (self->skip_all_tsn, tsn))
    self->skip_all_tsn = tsn;
  self->skip_all = TRUE;
}

static gboolean
skip_order (gpointer key, gpointer value, gpointer user_data)
{
  WherrySctpPieces *self = user_data;
  WherrySctpSkip *skip = value;
  guint both = GPOINTER_TO_UINT (key);

  if (both > G_MAXUINT16)
    wherry_sctp_order_skip (&self->order, (guint16) both, skip->number);
  return TRUE;
}

void
wherry_sctp_pieces_apply_skips (WherrySctpPieces *self)
{
  if (!self->skip_all && g_hash_table_size (self->skips) == 0)
    return;
  g_hash_table_foreach_remove (self->open, skip_open, self);
  g_hash_table_foreach_remove (self->orphans, skip_orphan, self);
  g_hash_table_foreach_remove (self->skips, skip_order, self);
  self->skip_all = FALSE;
}

typedef struct
{
  WherrySctpPieces *pieces;
  guint16 stream;
  gsize (*cost) (gconstpointer entry);
} Drop;

static gboolean
drop (gpointer key, gpointer value, gpointer user_data)
{
  Drop *self = user_data;
  const Belongs *to = key; /* the beginning of either kind */

  if (stream_of (to->place) != self->stream)
    return FALSE;
  self->pieces->held -= self->cost (key);
  return TRUE;
}

void
wherry_sctp_pieces_drop_stream (WherrySctpPieces *self, guint16 stream)
{
  Drop open = { .pieces = self, .stream = stream, .cost = open_cost };
  Drop orphans = { .pieces = self, .stream = stream, .cost = orphan_cost };

  g_hash_table_foreach_remove (self->open, drop, &open);
  g_hash_table_foreach_remove (self->orphans, drop, &orphans);
  g_hash_table_remove (self->skips, skip_key (stream, FALSE));
  g_hash_table_remove (self->skips, skip_key (stream, TRUE));
  wherry_sctp_order_drop_stream (&self->order, stream);
}
