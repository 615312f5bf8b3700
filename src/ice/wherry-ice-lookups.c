/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "base/wherry-clock.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-lookups.h"

struct _WherryIceLookups
{
  GResolver *resolver;
  GMainContext *context;
  WherryIceClosing *closing;
  GQueue waiting; /* of Lookup */
  GPtrArray *active;
};

typedef struct
{
  WherryIceLookups *owner; /* NULL: nobody waits for it any more */
  WherryIceClosing *closing;
  char *name;
  WherryIceLookupFunc func;
  gpointer user_data;
  GDestroyNotify abandoned; /* NULL once func was called */
  GCancellable *cancellable;
  GSource *limit;
} Lookup;

static void
lookup_free (gpointer data)
{
  Lookup *lookup = data;

  wherry_clock_clear_source (&lookup->limit);
  if (lookup->abandoned != NULL)
    lookup->abandoned (lookup->user_data);
  g_clear_object (&lookup->cancellable);
  g_free (lookup->name);
  g_free (lookup);
}

static void start_next (WherryIceLookups *self);

/* The last thing that happens to self here: func may free it. */
static void
finish (Lookup *lookup, GList *addresses, const GError *error)
{
  WherryIceLookups *self = g_steal_pointer (&lookup->owner);

  lookup->abandoned = NULL;
  wherry_clock_clear_source (&lookup->limit);
  g_ptr_array_remove_fast (self->active, lookup);
  start_next (self);
  lookup->func (lookup->user_data, addresses, error);
}

static GList *
one_of_each_family (GList *addresses)
{
  GList *result = NULL;
  const GSocketFamily families[] = { G_SOCKET_FAMILY_IPV6, G_SOCKET_FAMILY_IPV4 };

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    for (GList *l = addresses; l != NULL; l = l->next)
      if (g_inet_address_get_family (l->data) == families[i])
        {
          result = g_list_prepend (result, l->data);
          break;
        }
  return result;
}

static void
on_resolved (GObject *source, GAsyncResult *async_result, gpointer user_data)
{
  Lookup *lookup = user_data;
  g_autoptr (WherryIceClosing) closing = lookup->closing;
  g_autoptr (GError) error = NULL;
  GList *addresses = g_resolver_lookup_by_name_finish (G_RESOLVER (source), async_result, &error);
  g_autoptr (GList) few = one_of_each_family (addresses);

  if (lookup->owner != NULL)
    finish (lookup, few, error);
  g_resolver_free_addresses (addresses);
  lookup_free (lookup);
  wherry_ice_closing_release (closing);
}

static gboolean
on_limit (gpointer user_data)
{
  Lookup *lookup = user_data;
  g_autoptr (GError) error = g_error_new (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT,
                                          "“%s” was not resolved in time", lookup->name);

  g_cancellable_cancel (lookup->cancellable); /* on_resolved() comes later all the same */
  finish (lookup, NULL, error);
  return G_SOURCE_REMOVE;
}

static void
start_next (WherryIceLookups *self)
{
  while (self->active->len < WHERRY_ICE_LOOKUPS_ACTIVE && !g_queue_is_empty (&self->waiting))
    {
      Lookup *lookup = g_queue_pop_head (&self->waiting);

      g_ptr_array_add (self->active, lookup);
      lookup->closing = wherry_ice_closing_hold (self->closing);
      lookup->cancellable = g_cancellable_new ();
      lookup->limit = g_timeout_source_new (WHERRY_ICE_LOOKUP_LIMIT_US / 1000);
      g_source_set_callback (lookup->limit, on_limit, lookup, NULL);
      g_source_attach (lookup->limit, self->context);
      g_main_context_push_thread_default (self->context);
      g_resolver_lookup_by_name_async (self->resolver, lookup->name, lookup->cancellable,
                                       on_resolved, lookup);
      g_main_context_pop_thread_default (self->context);
    }
}

WherryIceLookups *
wherry_ice_lookups_new (GResolver *resolver, GMainContext *context, WherryIceClosing *closing)
{
  WherryIceLookups *self = g_new0 (WherryIceLookups, 1);

  self->resolver = resolver != NULL ? g_object_ref (resolver) : g_resolver_get_default ();
  self->context = g_main_context_ref (context);
  self->closing = wherry_ice_closing_ref (closing);
  g_queue_init (&self->waiting);
  self->active = g_ptr_array_new ();
  return self;
}

gboolean
wherry_ice_lookups_start (WherryIceLookups *self, const char *name, WherryIceLookupFunc func,
                          gpointer user_data, GDestroyNotify abandoned)
{
  Lookup *lookup;

  if (g_queue_get_length (&self->waiting) >= WHERRY_ICE_LOOKUPS_WAITING)
    return FALSE;
  lookup = g_new0 (Lookup, 1);
  lookup->owner = self;
  lookup->name = g_strdup (name);
  lookup->func = func;
  lookup->user_data = user_data;
  lookup->abandoned = abandoned;
  g_queue_push_tail (&self->waiting, lookup);
  start_next (self);
  return TRUE;
}

void
wherry_ice_lookups_free (WherryIceLookups *self)
{
  for (guint i = 0; i < self->active->len; i++)
    {
      Lookup *lookup = g_ptr_array_index (self->active, i);

      lookup->owner = NULL;
      wherry_clock_clear_source (&lookup->limit);
      g_cancellable_cancel (lookup->cancellable);
    }
  g_ptr_array_unref (self->active);
  g_queue_clear_full (&self->waiting, lookup_free);
  wherry_ice_closing_unref (self->closing);
  g_object_unref (self->resolver);
  g_main_context_unref (self->context);
  g_free (self);
}
