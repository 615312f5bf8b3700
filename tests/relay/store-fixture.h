/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A store in a directory of its own, with topics that log what was committed and what failed, and
 * messages whose payload follows from their number. */

#include "relay/wherry-store.h"

G_BEGIN_DECLS

typedef struct
{
  char *dir;
  WherryBudget *budget;
  WherryStoreOptions options;
  WherryStore *store;
} StoreFixture;

typedef struct
{
  WherryStoreTopic *topic;
  guint64 next;      /* number of the next message to everyone */
  GArray *committed; /* of guint64: sequences, in the order told */
  GArray *failed;
  int failed_code; /* of the last error */
  gint n_told;     /* both together. atomic */
  gint n_destroyed;
} StoreLog;

void store_fixture_set_up (StoreFixture *self, gconstpointer data);
void store_fixture_tear_down (StoreFixture *self, gconstpointer data);
/* Fails the test if it cannot. visitor: (nullable) */
void store_fixture_open (StoreFixture *self, const WherryStoreVisitor *visitor, gpointer user_data);
void store_fixture_close (StoreFixture *self);
/* Until there is nothing to do (no_thread). */
void store_fixture_run (StoreFixture *self);

void store_log_open (StoreLog *self, WherryStore *store, const char *room, const char *label);
/* The store was closed. */
void store_log_clear (StoreLog *self);

/* All of them, one after the other. */
void assert_sequences (GArray *array, guint64 first, guint64 last);

/* Bytes that follow from the two numbers: of any length that a message may have, mostly short. */
GBytes *store_payload (guint64 topic, guint64 sequence, gsize length);
WherryMessage *store_message (WherryMessageKind kind, GBytes *payload, const WherryStamp *stamp,
                              WherryBudget *budget);
/* The next one, with such a payload. */
void store_log_append (StoreLog *self, StoreFixture *fixture, gsize length);

/* ---- what load() finds, as text: one line for each ---- */

extern const WherryStoreVisitor store_visitor; /* user_data: GString */
char *store_fixture_load (StoreFixture *self); /* opens it, and leaves it open */

G_END_DECLS
