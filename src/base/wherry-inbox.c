/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-context-source.h"
#include "base/wherry-counters.h"
#include "base/wherry-inbox.h"
#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "base/wherry-turns.h"

/* Where an inbox lies that has something: under its queue's lock. */
typedef enum
{
  UNLISTED,
  LISTED, /* in the list of its context, or being dispatched from there */
} Place;

/* That of all inboxes of a context. */
typedef struct
{
  WherryContextSource base;

  /* any thread: atomic */
  WherryInbox *fresh; /* what came to have something since the owner looked, the last one first */
  int woken;          /* since then, too */

  /* owner only */
  WherryInbox *first; /* those that wait for their turn, in order; each with a reference */
  WherryInbox *last;
} InboxSource;

struct _WherryInbox
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  GMainContext *context;
  InboxSource *source;
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
  Place place;

  /* of whoever lists it, then the owner's */
  WherryInbox *next;

  /* owner only */
  gboolean detached;
};

/* An inbox is in the list from when it has something until a dispatch finds it empty, so that no
 * wake-up needs remembering: a list that is not empty makes the next prepare ready. A context that
 * has asked prepare and found nothing is woken by the first that puts something in after that: the
 * wake-up is a count in an eventfd that poll() looks at after prepare, so it cannot fall between
 * the two. A second poster needs no wake-up of its own. Where the first was posted quietly, its
 * wake-up is still to come. */

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

/* ---- the list ---- */

static void
list_locked (WherryInbox *self)
{
  WherryInbox *head = __atomic_load_n (&self->source->fresh, __ATOMIC_RELAXED);

  self->place = LISTED;
  wherry_inbox_ref (self);
  do
    self->next = head;
  while (!__atomic_compare_exchange_n (&self->source->fresh, &head, self, TRUE, __ATOMIC_RELEASE,
                                       __ATOMIC_RELAXED));
}

static void
append (InboxSource *source, WherryInbox *inbox)
{
  inbox->next = NULL;
  if (source->last != NULL)
    source->last->next = inbox;
  else
    source->first = inbox;
  source->last = inbox;
}

static WherryInbox *
take_first (InboxSource *source)
{
  WherryInbox *inbox = source->first;

  source->first = inbox->next;
  if (source->first == NULL)
    source->last = NULL;
  return inbox;
}

/* Behind those that wait already. */
static void
gather_fresh (InboxSource *source)
{
  WherryInbox *fresh = __atomic_exchange_n (&source->fresh, NULL, __ATOMIC_ACQUIRE);
  WherryInbox *turned = NULL;

  while (fresh != NULL)
    {
      WherryInbox *next = fresh->next;

      fresh->next = turned;
      turned = fresh;
      fresh = next;
    }
  while (turned != NULL)
    {
      WherryInbox *next = turned->next;

      append (source, turned);
      turned = next;
    }
}

static gboolean
has_some (InboxSource *source)
{
  return source->first != NULL || __atomic_load_n (&source->fresh, __ATOMIC_RELAXED) != NULL;
}

static gboolean
inbox_source_prepare (GSource *source, int *timeout)
{
  InboxSource *self = (InboxSource *) source;

  WHERRY_TSAN_ACQUIRE (source);
  *timeout = -1;
  /* before the look: who puts something in after it wakes us */
  __atomic_exchange_n (&self->woken, 0, __ATOMIC_ACQ_REL);
  return has_some (self);
}

static gboolean
inbox_source_check (GSource *source)
{
  WHERRY_TSAN_ACQUIRE (source);
  return has_some ((InboxSource *) source);
}

/* FALSE: there is nothing more in it, and it is in no list. */
static gboolean
stays_listed (WherryInbox *self)
{
  gboolean stays;

  queue_lock (self);
  stays = self->length > 0;
  if (!stays)
    self->place = UNLISTED;
  queue_unlock (self);
  return stays;
}

static void
dispatch_one (InboxSource *source, WherryInbox *self)
{
  gpointer item;

  /* one at a time: what an item's handler closes or drains is then gone from here too */
  for (guint i = 0; i < WHERRY_DISPATCH_BATCH && pop (self, &item); i++)
    self->func (item, self->user_data);
  if (stays_listed (self))
    append (source, self);
  else
    wherry_inbox_unref (self);
}

static gboolean
inbox_source_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  InboxSource *self = (InboxSource *) source;
  guint n = 0;

  WHERRY_TSAN_ACQUIRE (source);
  gather_fresh (self);
  for (WherryInbox *each = self->first; each != NULL; each = each->next)
    n++;
  /* each once: what one leaves is for the next turn. Those that a call closes, and those that a
   * loop in a call dispatches, are gone from the list by themselves. */
  for (guint i = 0; i < n && self->first != NULL; i++)
    dispatch_one (self, take_first (self));
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs inbox_source_funcs = {
  .prepare = inbox_source_prepare,
  .check = inbox_source_check,
  .dispatch = inbox_source_dispatch,
};

static WherryContextKind kind = {
  .funcs = &inbox_source_funcs,
  .size = sizeof (InboxSource),
  .name = "wherry-inbox",
  .priority = G_PRIORITY_DEFAULT,
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
  self->source = (InboxSource *) wherry_context_source_join (&kind, self->context);
  wherry_inbox_ref (self); /* until it is closed */
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
  wherry_context_source_free (&self->source->base);
  g_main_context_unref (self->context);
  g_free (self);
}

/* an owner that posts to itself is awake, but may run other contexts, too */
static void
wake_owner (WherryInbox *self)
{
  if (g_main_context_is_owner (self->context))
    wherry_turns_ring (self->context);
  else if (__atomic_exchange_n (&self->source->woken, 1, __ATOMIC_ACQ_REL) == 0)
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
  *wake = !refused && self->place == UNLISTED;
  if (*wake)
    list_locked (self);
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

/* So that a list that is never dispatched any more keeps nothing. One that is being dispatched is
 * in no list. */
static void
unlist (WherryInbox *self)
{
  InboxSource *source = self->source;
  WherryInbox *before = NULL;
  WherryInbox *each;

  gather_fresh (source);
  for (each = source->first; each != NULL && each != self; each = each->next)
    before = each;
  if (each == NULL)
    return;
  if (before != NULL)
    before->next = self->next;
  else
    source->first = self->next;
  if (source->last == self)
    source->last = before;
  wherry_inbox_unref (self);
}

void
wherry_inbox_close (WherryInbox *self)
{
  if (self->detached)
    return;
  self->detached = TRUE;

  queue_lock (self);
  self->closed = TRUE;
  queue_unlock (self);
  free_all (self);
  unlist (self);
  wherry_context_source_leave (&kind, &self->source->base);
  wherry_inbox_unref (self);
}

void
wherry_inbox_drain (WherryInbox *self)
{
  gpointer item;

  while (pop (self, &item))
    self->func (item, self->user_data);
}
