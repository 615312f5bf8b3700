/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-pieces.h"

/* A place in the order of one stream's fragments: stream, message, position. The place behind a
 * fragment is the same with the next position. */
#define STREAM_SHIFT 48
#define MESSAGE_SHIFT 32

/* A message of which the first pieces are there. */
typedef struct
{
  guint64 next; /* the place of the piece that it waits for; first: it is the hash key */
  guint32 last_tsn;
  guint32 ppid;
  GByteArray *bytes;
  gboolean too_large;
} WherrySctpOpen;

/* A piece that came before the one in front of it. */
typedef struct
{
  guint64 place; /* first: it is the hash key */
  guint32 tsn;
  gboolean ends;
  gsize length;
  guint8 data[];
} WherrySctpOrphan;

typedef struct
{
  guint16 message;
  guint32 tsn;
} WherrySctpSkip;

struct _WherrySctpPieces
{
  gsize max_message;
  gsize max_held;
  gsize held;
  GHashTable *open;    /* of WherrySctpOpen */
  GHashTable *orphans; /* of WherrySctpOrphan */
  GHashTable *skips;   /* stream -> WherrySctpSkip */
  gboolean skip_all;
  guint32 skip_all_tsn;
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
  return self;
}

void
wherry_sctp_pieces_free (WherrySctpPieces *self)
{
  g_hash_table_unref (self->open);
  g_hash_table_unref (self->orphans);
  g_hash_table_unref (self->skips);
  g_free (self);
}

static guint64
place_of (const WherrySctpPiece *piece)
{
  return ((guint64) piece->stream << STREAM_SHIFT) | ((guint64) piece->message << MESSAGE_SHIFT)
         | piece->position;
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
open_cost (const WherrySctpOpen *open)
{
  return WHERRY_MESSAGE_OVERHEAD + (open->bytes != NULL ? open->bytes->len : 0);
}

static gsize
orphan_cost (const WherrySctpOrphan *orphan)
{
  return WHERRY_MESSAGE_OVERHEAD + orphan->length;
}

/* ---- what comes ---- */

/* FALSE: it is one byte too many; what there was is gone. */
static gboolean
append (WherrySctpPieces *self, WherrySctpOpen *open, guint32 tsn, const guint8 *data, gsize length)
{
  gsize room = self->max_held - MIN (self->held, self->max_held);
  gboolean fits
      = !open->too_large && length <= room && length <= self->max_message - open->bytes->len;
  gboolean was_too_large = open->too_large;

  open->next = place_after (open->next);
  open->last_tsn = tsn;
  if (fits)
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

static void
forget_open (WherrySctpPieces *self, WherrySctpOpen *open)
{
  self->held -= open_cost (open);
  open_free (open);
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
keep_orphan (WherrySctpPieces *self, guint64 place, const WherrySctpPiece *piece,
             const guint8 *data, gsize length)
{
  WherrySctpOrphan *orphan;

  if (g_hash_table_contains (self->orphans, &place))
    return WHERRY_SCTP_PIECE_KEPT;
  if (self->held + length + WHERRY_MESSAGE_OVERHEAD > self->max_held)
    return WHERRY_SCTP_PIECE_REFUSED;
  orphan = g_malloc (sizeof *orphan + length);
  orphan->place = place;
  orphan->tsn = piece->tsn;
  orphan->ends = piece->ends;
  orphan->length = length;
  memcpy (orphan->data, data, length);
  self->held += orphan_cost (orphan);
  g_hash_table_add (self->orphans, orphan);
  return WHERRY_SCTP_PIECE_KEPT;
}

/* NULL: there is none for this piece, or no room for one. */
static WherrySctpOpen *
take_open (WherrySctpPieces *self, guint64 place, const WherrySctpPiece *piece)
{
  gpointer found = NULL;
  WherrySctpOpen *open;

  if (!piece->begins)
    {
      g_hash_table_steal_extended (self->open, &place, &found, NULL);
      return found;
    }
  if (self->held + WHERRY_MESSAGE_OVERHEAD > self->max_held)
    return NULL;
  open = g_new0 (WherrySctpOpen, 1);
  open->next = place;
  open->ppid = piece->ppid;
  open->bytes = g_byte_array_new ();
  self->held += WHERRY_MESSAGE_OVERHEAD;
  return open;
}

static WherrySctpPieceResult
finish (WherrySctpPieces *self, WherrySctpOpen *open, gboolean fits, GByteArray **whole,
        guint32 *ppid)
{
  gboolean is_whole = !open->too_large;

  self->held -= open_cost (open);
  if (is_whole)
    {
      *whole = g_steal_pointer (&open->bytes);
      *ppid = open->ppid;
    }
  open_free (open);
  if (is_whole)
    return WHERRY_SCTP_PIECE_COMPLETES;
  return fits ? WHERRY_SCTP_PIECE_KEPT : WHERRY_SCTP_PIECE_REFUSED;
}

WherrySctpPieceResult
wherry_sctp_pieces_add (WherrySctpPieces *self, const WherrySctpPiece *piece, const guint8 *data,
                        gsize length, GByteArray **whole, guint32 *ppid)
{
  guint64 place = place_of (piece);
  WherrySctpOpen *open = take_open (self, place, piece);
  gboolean ends = piece->ends;
  gboolean fits;
  WherrySctpOpen *other;

  if (open == NULL)
    return piece->begins ? WHERRY_SCTP_PIECE_REFUSED
                         : keep_orphan (self, place, piece, data, length);
  fits = append (self, open, piece->tsn, data, length);
  while (!ends)
    {
      g_autofree WherrySctpOrphan *orphan = take_orphan (self, open->next);

      if (orphan == NULL)
        break;
      fits = append (self, open, orphan->tsn, orphan->data, orphan->length) && fits;
      ends = orphan->ends;
    }
  if (ends)
    return finish (self, open, fits, whole, ppid);
  /* only somebody hostile begins one twice */
  other = g_hash_table_lookup (self->open, &open->next);
  if (other != NULL)
    {
      g_hash_table_steal (self->open, other);
      forget_open (self, other);
    }
  g_hash_table_add (self->open, open);
  return fits ? WHERRY_SCTP_PIECE_KEPT : WHERRY_SCTP_PIECE_REFUSED;
}

/* ---- what will not come ---- */

static gboolean
tsn_reached (guint32 tsn, guint32 reached)
{
  return (gint32) (tsn - reached) <= 0;
}

static gboolean
message_reached (guint16 message, guint16 reached)
{
  return ((reached - message) & WHERRY_SCTP_MESSAGE_MASK) <= WHERRY_SCTP_MESSAGE_MASK / 2;
}

/* tsn: of what is there last; next: with DATA, of what it waits for. */
static gboolean
is_skipped (WherrySctpPieces *self, guint64 place, guint32 tsn, guint32 next)
{
  WherrySctpSkip *skip
      = g_hash_table_lookup (self->skips, GUINT_TO_POINTER ((guint) stream_of (place)));

  if (self->skip_all && tsn_reached (next, self->skip_all_tsn))
    return TRUE;
  /* one whose pieces are still coming was not given up, though a later one was */
  return skip != NULL && tsn_reached (tsn, skip->tsn)
         && message_reached ((place >> MESSAGE_SHIFT) & WHERRY_SCTP_MESSAGE_MASK, skip->message);
}

static gboolean
skip_open (gpointer key, gpointer value, gpointer user_data)
{
  WherrySctpPieces *self = user_data;
  WherrySctpOpen *open = key;

  if (!is_skipped (self, open->next, open->last_tsn, (guint32) open->next))
    return FALSE;
  self->held -= open_cost (open);
  return TRUE;
}

static gboolean
skip_orphan (gpointer key, gpointer value, gpointer user_data)
{
  WherrySctpPieces *self = user_data;
  WherrySctpOrphan *orphan = key;

  if (!is_skipped (self, orphan->place, orphan->tsn, orphan->tsn))
    return FALSE;
  self->held -= orphan_cost (orphan);
  return TRUE;
}

void
wherry_sctp_pieces_note_skip (WherrySctpPieces *self, guint16 stream, guint16 message, guint32 tsn)
{
  gpointer key = GUINT_TO_POINTER ((guint) stream);
  WherrySctpSkip *skip = g_hash_table_lookup (self->skips, key);

  if (skip == NULL)
    {
      skip = g_new (WherrySctpSkip, 1);
      *skip = (WherrySctpSkip){ .message = message, .tsn = tsn };
      g_hash_table_insert (self->skips, key, skip);
    }
  if (message_reached (skip->message, message))
    skip->message = message;
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

void
wherry_sctp_pieces_apply_skips (WherrySctpPieces *self)
{
  if (!self->skip_all && g_hash_table_size (self->skips) == 0)
    return;
  g_hash_table_foreach_remove (self->open, skip_open, self);
  g_hash_table_foreach_remove (self->orphans, skip_orphan, self);
  g_hash_table_remove_all (self->skips);
  self->skip_all = FALSE;
}

typedef struct
{
  WherrySctpPieces *pieces;
  guint16 stream;
} Drop;

static gboolean
drop_open (gpointer key, gpointer value, gpointer user_data)
{
  Drop *drop = user_data;
  WherrySctpOpen *open = key;

  if (stream_of (open->next) != drop->stream)
    return FALSE;
  drop->pieces->held -= open_cost (open);
  return TRUE;
}

static gboolean
drop_orphan (gpointer key, gpointer value, gpointer user_data)
{
  Drop *drop = user_data;
  WherrySctpOrphan *orphan = key;

  if (stream_of (orphan->place) != drop->stream)
    return FALSE;
  drop->pieces->held -= orphan_cost (orphan);
  return TRUE;
}

void
wherry_sctp_pieces_drop_stream (WherrySctpPieces *self, guint16 stream)
{
  Drop drop = { .pieces = self, .stream = stream };

  g_hash_table_foreach_remove (self->open, drop_open, &drop);
  g_hash_table_foreach_remove (self->orphans, drop_orphan, &drop);
  g_hash_table_remove (self->skips, GUINT_TO_POINTER ((guint) stream));
}

void
wherry_sctp_pieces_clear (WherrySctpPieces *self)
{
  g_hash_table_remove_all (self->open);
  g_hash_table_remove_all (self->orphans);
  g_hash_table_remove_all (self->skips);
  self->skip_all = FALSE;
  self->held = 0;
}

gsize
wherry_sctp_pieces_get_held (WherrySctpPieces *self)
{
  return self->held;
}
