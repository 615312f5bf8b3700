/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-inbox.h"
#include "base/wherry-limits.h"
#include "base/wherry-lock.h"

struct _WherryInbox
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  GMainContext *context;
  guint max_items;
  gsize max_bytes;
  WherryInboxSizeFunc size; /* (nullable) */
  WherryInboxFunc func;
  gpointer user_data;
  GDestroyNotify item_free;

  /* any thread: written under the queue's own lock; the two counts are also read without it */
  GAsyncQueue *queue;
  guint length;
  gsize bytes;
  gboolean closed;

  /* owner only */
  GSource *source;
};

/* The source is ready whenever the queue holds something, so that no wake-up needs remembering:
 * what a dispatch leaves makes the next prepare ready. A context that has asked prepare and found
 * nothing is woken by whoever makes the length rise from zero: the wake-up is a count in an eventfd
 * that poll() looks at after prepare, so it cannot fall between the two. A second poster needs no
 * wake-up of its own, since it can only see a length above zero that the owner has yet to take
 * down, under the same lock; where the first was posted quietly, its wake-up is still to come. */
typedef struct
{
  GSource source;
  WherryInbox *inbox;
} InboxSource;

static void
queue_lock (WherryInbox *self)
{
  g_async_queue_lock (self->queue);
  WHERRY_TSAN_ACQUIRE (self->queue);
}

static void
queue_unlock (WherryInbox *self)
{
  WHERRY_TSAN_RELEASE (self->queue);
  g_async_queue_unlock (self->queue);
}

static void
set_counts_locked (WherryInbox *self, guint length, gsize bytes)
{
  __atomic_store_n (&self->length, length, __ATOMIC_RELAXED);
  __atomic_store_n (&self->bytes, bytes, __ATOMIC_RELAXED);
}

guint
wherry_inbox_get_length (WherryInbox *self)
{
  return __atomic_load_n (&self->length, __ATOMIC_RELAXED);
}

gsize
wherry_inbox_get_bytes (WherryInbox *self)
{
  return __atomic_load_n (&self->bytes, __ATOMIC_RELAXED);
}

static gsize
size_of (WherryInbox *self, gconstpointer item)
{
  return self->size != NULL ? self->size (item) : 0;
}

static void
free_item (WherryInbox *self, gpointer item)
{
  if (self->item_free != NULL)
    self->item_free (item);
}

/* FALSE when the queue is empty. */
static gboolean
pop (WherryInbox *self, gpointer *item)
{
  queue_lock (self);
  *item = g_async_queue_try_pop_unlocked (self->queue);
  if (*item != NULL)
    set_counts_locked (self, self->length - 1, self->bytes - size_of (self, *item));
  queue_unlock (self);
  return *item != NULL;
}

static gboolean
inbox_source_prepare (GSource *source, int *timeout)
{
  WHERRY_TSAN_ACQUIRE (source);
  *timeout = -1;
  return wherry_inbox_get_length (((InboxSource *) source)->inbox) > 0;
}

static gboolean
inbox_source_check (GSource *source)
{
  WHERRY_TSAN_ACQUIRE (source);
  return wherry_inbox_get_length (((InboxSource *) source)->inbox) > 0;
}

static gboolean
inbox_source_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  WherryInbox *self;
  gpointer item;

  WHERRY_TSAN_ACQUIRE (source);
  self = ((InboxSource *) source)->inbox;

  /* one at a time: what an item's handler closes or drains is then gone from here too */
  for (guint i = 0; i < WHERRY_DISPATCH_BATCH && pop (self, &item); i++)
    self->func (item, self->user_data);
  return G_SOURCE_CONTINUE;
}

static void
inbox_source_finalize (GSource *source)
{
  wherry_inbox_unref (((InboxSource *) source)->inbox);
}

static GSourceFuncs inbox_source_funcs = {
  .prepare = inbox_source_prepare,
  .check = inbox_source_check,
  .dispatch = inbox_source_dispatch,
  .finalize = inbox_source_finalize,
};

WherryInbox *
wherry_inbox_new (GMainContext *context, guint max_items, gsize max_bytes, WherryInboxSizeFunc size,
                  WherryInboxFunc func, gpointer user_data, GDestroyNotify item_free)
{
  WherryInbox *self = g_new0 (WherryInbox, 1);

  wherry_ref_init (&self->ref_count);
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  self->max_items = max_items;
  self->max_bytes = max_bytes;
  self->size = size;
  self->func = func;
  self->user_data = user_data;
  self->item_free = item_free;
  self->queue = g_async_queue_new ();
  self->source = g_source_new (&inbox_source_funcs, sizeof (InboxSource));
  g_source_set_static_name (self->source, "wherry-inbox");
  ((InboxSource *) self->source)->inbox = wherry_inbox_ref (self);
  /* the context may run already, in another thread */
  WHERRY_TSAN_RELEASE (self->source);
  g_source_attach (self->source, self->context);
  return self;
}

WherryInbox *
wherry_inbox_ref (WherryInbox *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

static void
free_all (WherryInbox *self)
{
  gpointer item;

  while (pop (self, &item))
    free_item (self, item);
}

void
wherry_inbox_unref (WherryInbox *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;

  free_all (self);
  g_async_queue_unref (self->queue);
  g_main_context_unref (self->context);
  g_free (self);
}

/* an owner that posts to itself is awake */
static void
wake_owner (WherryInbox *self)
{
  if (!g_main_context_is_owner (self->context))
    g_main_context_wakeup (self->context);
}

/* wake: whether the owner is to be woken for it */
static gboolean
post (WherryInbox *self, gpointer item, gboolean bounded, gboolean *wake)
{
  gsize bytes = size_of (self, item);
  gboolean refused;
  gboolean full;

  queue_lock (self);
  full = bounded
         && (self->length >= self->max_items || bytes > self->max_bytes
             || self->bytes > self->max_bytes - bytes);
  refused = full || self->closed;
  *wake = !refused && self->length == 0;
  if (!refused)
    {
      g_async_queue_push_unlocked (self->queue, item);
      set_counts_locked (self, self->length + 1, self->bytes + bytes);
    }
  queue_unlock (self);

  if (refused)
    {
      if (full)
        wherry_counter_inc (WHERRY_COUNTER_INBOX_REFUSED);
      free_item (self, item);
      return FALSE;
    }

  return TRUE;
}

static gboolean
post_and_wake (WherryInbox *self, gpointer item, gboolean bounded)
{
  gboolean wake;
  gboolean posted = post (self, item, bounded, &wake);

  if (wake)
    wake_owner (self);
  return posted;
}

gboolean
wherry_inbox_post (WherryInbox *self, gpointer item)
{
  return post_and_wake (self, item, TRUE);
}

gboolean
wherry_inbox_post_urgent (WherryInbox *self, gpointer item)
{
  return post_and_wake (self, item, FALSE);
}

gboolean
wherry_inbox_post_quietly (WherryInbox *self, gpointer item)
{
  gboolean wake;

  post (self, item, FALSE, &wake);
  return wake;
}

void
wherry_inbox_wake (WherryInbox *self)
{
  if (wherry_inbox_get_length (self) > 0)
    wake_owner (self);
}

void
wherry_inbox_close (WherryInbox *self)
{
  GSource *source = g_steal_pointer (&self->source);

  if (source == NULL)
    return;

  queue_lock (self);
  self->closed = TRUE;
  queue_unlock (self);
  free_all (self);
  g_source_destroy (source);
  g_source_unref (source);
}

void
wherry_inbox_drain (WherryInbox *self)
{
  gpointer item;

  while (pop (self, &item))
    self->func (item, self->user_data);
}
