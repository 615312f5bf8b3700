/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Defects that tests/relay/model must find: in a build of its own (-DWHERRY_PLANTED) each can be
 * switched on; in every other there is nothing of them. */

#include <glib.h>

/* X (CONSTANT, "name") */
#define WHERRY_PLANTS(X)                                                                           \
  X (LOST_WAKE_UP, "lost-wake-up")                                                                 \
  X (EARLY_ACK, "ack-before-snapshot")                                                             \
  X (SHUT_GATE, "gate-not-let-go")                                                                 \
  X (BLOCKED_LOST, "what-does-not-fit-is-lost")                                                    \
  X (DROP_NEWEST, "drops-the-newest")                                                              \
  X (EARLY_TURN, "served-before-the-reset")                                                        \
  X (HELD_LOST, "held-is-dropped")                                                                 \
  X (FLUSH_LOST, "flush-is-dropped")                                                               \
  X (EARLY_END, "retired-closed-early")                                                            \
  X (TOLD_TWICE, "left-is-told-twice")                                                             \
  X (FREE_WAITING, "waiting-is-not-charged")                                                       \
  X (STARVED, "ready-list-starves")                                                                \
  X (WRONG_ONE, "another-leaves-as-slow")                                                          \
  X (NO_GATE, "publisher-is-not-paused")                                                           \
  X (BYTES_KEPT, "bytes-are-not-given-back")                                                       \
  X (REPLAY_SHORT, "replay-off-by-one")                                                            \
  X (SEAM_TWICE, "duplicate-at-the-seam")                                                          \
  X (NOT_STORED, "accepted-number-not-stored")                                                     \
  X (DIRECT_TO_ALL, "direct-goes-to-all")                                                          \
  X (DIRECT_FORGOTTEN, "resume-forgets-direct")                                                    \
  X (RESUME_SHORT, "resume-misses-one")                                                            \
  X (RESUME_TWICE, "resume-repeats-one")                                                           \
  X (HEADERS_TO_ALL, "mirrors-have-headers")

#ifdef WHERRY_PLANTED
enum
{
  WHERRY_PLANT_NONE,
#define X(name, text) WHERRY_PLANT_##name,
  WHERRY_PLANTS (X)
#undef X
};

extern int wherry_planted;
#define WHERRY_PLANT(name) G_UNLIKELY (wherry_planted == WHERRY_PLANT_##name)
#else
#define WHERRY_PLANT(name) FALSE
#endif
