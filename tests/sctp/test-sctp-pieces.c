/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "sctp/wherry-sctp-pieces.h"

#define STREAM 7
#define MAX_MESSAGE 1000u
#define MAX_HELD 20000u
#define PIECE 10u

static WherrySctpPieceResult
add (WherrySctpPieces *pieces, guint16 message, guint32 position, guint32 tsn, guint flags,
     gsize length, GByteArray **whole)
{
  const WherrySctpPiece piece = { .stream = STREAM,
                                  .message = message,
                                  .position = position,
                                  .tsn = tsn,
                                  .ppid = 53,
                                  .begins = (flags & 2) != 0,
                                  .ends = (flags & 1) != 0 };
  g_autofree guint8 *data = g_malloc (length);
  guint32 ppid = 0;
  WherrySctpPieceResult result;

  memset (data, (int) (position & 0xff), length);
  g_clear_pointer (whole, g_byte_array_unref);
  result = wherry_sctp_pieces_add (pieces, &piece, data, length, whole, &ppid);
  if (result == WHERRY_SCTP_PIECE_COMPLETES)
    g_assert_cmpuint (ppid, ==, 53);
  else
    g_assert_null (*whole);
  return result;
}

static void
assert_whole (GByteArray *whole, guint n, guint32 first)
{
  g_assert_cmpuint (whole->len, ==, n * PIECE);
  for (guint i = 0; i < whole->len; i++)
    g_assert_cmpuint (whole->data[i], ==, (first + i / PIECE) & 0xff);
}

/* Several messages of one stream, their pieces in any order: each completes once, by whichever
 * piece comes last. base: with DATA the position is the TSN, which wraps. */
static void
check_order (gboolean interleaving, guint32 base)
{
  enum
  {
    MESSAGES = 5,
    PIECES = 8,
    ALL = MESSAGES * PIECES
  };
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);

  g_test_message ("seed %u", seed);
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr (GByteArray) whole = NULL;
      guint order[ALL];
      guint complete = 0;

      for (guint i = 0; i < ALL; i++)
        {
          guint j = (guint) g_rand_int_range (rand, 0, (gint32) i + 1);

          order[i] = order[j];
          order[j] = i;
        }
      for (guint i = 0; i < ALL; i++)
        {
          guint k = order[i] % PIECES;
          guint m = order[i] / PIECES;
          guint32 tsn = base + order[i];
          guint32 position = interleaving ? k : tsn;
          guint flags = (k == 0 ? 2u : 0) | (k == PIECES - 1 ? 1u : 0);

          if (add (pieces, interleaving ? (guint16) m : 0, position, tsn, flags, PIECE, &whole)
              != WHERRY_SCTP_PIECE_COMPLETES)
            continue;
          complete++;
          assert_whole (whole, PIECES, interleaving ? 0 : base + m * PIECES);
        }
      g_assert_cmpuint (complete, ==, MESSAGES);
      g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
    }
}

static void
test_order (void)
{
  check_order (TRUE, 1);
  check_order (FALSE, 1);
  check_order (FALSE, G_MAXUINT32 - 20);
}

/* Given up: what lacks a piece goes, with what had come out of its turn; what goes on stays. */
static void
test_skip (void)
{
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
  g_autoptr (GByteArray) whole = NULL;

  add (pieces, 1, 0, 10, 2, PIECE, &whole);
  add (pieces, 1, 2, 12, 1, PIECE, &whole); /* 11 is missing */
  add (pieces, 2, 1, 14, 0, PIECE, &whole); /* 13 is missing */
  add (pieces, 3, 0, 15, 2, PIECE, &whole); /* 16 comes later */
  wherry_sctp_pieces_note_skip (pieces, STREAM, 2, 14);
  add (pieces, 1, 1, 11, 0, PIECE, &whole); /* it was there before */
  g_assert_cmpuint (whole->len, ==, 3 * PIECE);
  wherry_sctp_pieces_apply_skips (pieces);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, WHERRY_MESSAGE_OVERHEAD + PIECE);
  g_assert_cmpint (add (pieces, 3, 1, 16, 1, PIECE, &whole), ==, WHERRY_SCTP_PIECE_COMPLETES);
  assert_whole (whole, 2, 0);

  /* numbers wrap; the other stream's are not meant */
  add (pieces, WHERRY_SCTP_MESSAGE_MASK, 0, 20, 2, PIECE, &whole);
  wherry_sctp_pieces_note_skip (pieces, STREAM + 1, 1, 21);
  wherry_sctp_pieces_apply_skips (pieces);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), >, 0);
  wherry_sctp_pieces_note_skip (pieces, STREAM, 1, 21);
  wherry_sctp_pieces_apply_skips (pieces);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
}

static void
test_skip_all (void)
{
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
  g_autoptr (GByteArray) whole = NULL;

  add (pieces, 0, G_MAXUINT32 - 1, G_MAXUINT32 - 1, 2, PIECE, &whole); /* lacks the next one */
  add (pieces, 0, 1, 1, 1, PIECE, &whole);
  add (pieces, 0, 3, 3, 2, PIECE, &whole); /* lacks 4, which comes */
  wherry_sctp_pieces_note_skip_all (pieces, 3);
  wherry_sctp_pieces_apply_skips (pieces);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, WHERRY_MESSAGE_OVERHEAD + PIECE);
  g_assert_cmpint (add (pieces, 0, 4, 4, 1, PIECE, &whole), ==, WHERRY_SCTP_PIECE_COMPLETES);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
}

/* One byte too many is refused once, and its rest dropped; the next one is fine. */
static void
test_too_large (void)
{
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
  g_autoptr (GByteArray) whole = NULL;

  add (pieces, 1, 0, 1, 2, MAX_MESSAGE, &whole);
  g_assert_cmpint (add (pieces, 1, 1, 2, 0, 1, &whole), ==, WHERRY_SCTP_PIECE_REFUSED);
  g_assert_cmpint (add (pieces, 1, 2, 3, 0, 1, &whole), ==, WHERRY_SCTP_PIECE_KEPT);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, WHERRY_MESSAGE_OVERHEAD);
  g_assert_cmpint (add (pieces, 1, 3, 4, 1, 1, &whole), ==, WHERRY_SCTP_PIECE_KEPT);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
  add (pieces, 2, 0, 5, 2, MAX_MESSAGE - 1, &whole);
  g_assert_cmpint (add (pieces, 2, 1, 6, 1, 1, &whole), ==, WHERRY_SCTP_PIECE_COMPLETES);
  g_assert_cmpuint (whole->len, ==, MAX_MESSAGE);
}

/* However they come, no more is held. */
static void
test_too_many (void)
{
  for (guint way = 0; way < 3; way++)
    {
      g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
      g_autoptr (GByteArray) whole = NULL;
      guint refused = 0;

      for (guint i = 0; i < 1000; i++)
        {
          guint flags = way == 0 ? 2 : way == 1 ? 0 : i % 2 * 2;

          refused += add (pieces, (guint16) i, flags == 2 ? 0 : 5, i, flags, PIECE, &whole)
                     == WHERRY_SCTP_PIECE_REFUSED;
          g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), <=, MAX_HELD);
        }
      g_assert_cmpuint (refused, >, 900);
      wherry_sctp_pieces_drop_stream (pieces, STREAM + 1);
      g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), >, 0);
      wherry_sctp_pieces_drop_stream (pieces, STREAM);
      g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
    }
}

/* Nonsense: twice the beginning, twice the same piece, two ends. */
static void
test_nonsense (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
  g_autoptr (GByteArray) whole = NULL;

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < 20000; i++)
    {
      add (pieces, (guint16) g_rand_int_range (rand, 0, 4), (guint32) g_rand_int_range (rand, 0, 6),
           i, (guint) g_rand_int_range (rand, 0, 4), (gsize) g_rand_int_range (rand, 1, 400),
           &whole);
      if (g_rand_int_range (rand, 0, 50) == 0)
        {
          wherry_sctp_pieces_note_skip (pieces, STREAM, (guint16) g_rand_int_range (rand, 0, 4), i);
          wherry_sctp_pieces_apply_skips (pieces);
        }
      g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), <=, MAX_HELD);
    }
  wherry_sctp_pieces_drop_stream (pieces, STREAM);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/pieces/order", test_order);
  g_test_add_func ("/sctp/pieces/skip", test_skip);
  g_test_add_func ("/sctp/pieces/skip-all", test_skip_all);
  g_test_add_func ("/sctp/pieces/too-large", test_too_large);
  g_test_add_func ("/sctp/pieces/too-many", test_too_many);
  g_test_add_func ("/sctp/pieces/nonsense", test_nonsense);
  return g_test_run ();
}
