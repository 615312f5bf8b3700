/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include "ice/fake-resolver.h"

struct _FakeResolver
{
  GResolver parent_instance;

  GHashTable *names;
  guint asked;
  guint active;
  guint max_active;
};

G_DEFINE_FINAL_TYPE (FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static void
finish (GTask *task)
{
  FakeResolver *self = g_task_get_source_object (task);
  const char *address = g_hash_table_lookup (self->names, g_task_get_task_data (task));

  self->active--;
  if (g_task_return_error_if_cancelled (task))
    return;
  if (address == NULL)
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such name");
  else
    g_task_return_pointer (task, g_list_append (NULL, g_inet_address_new_from_string (address)),
                           (GDestroyNotify) g_resolver_free_addresses);
}

static gboolean
on_answer (gpointer user_data)
{
  finish (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  finish (user_data);
  return G_SOURCE_REMOVE;
}

static void
lookup_async (GResolver *resolver, const char *name, GCancellable *cancellable,
              GAsyncReadyCallback callback, gpointer user_data)
{
  FakeResolver *self = FAKE_RESOLVER (resolver);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  gpointer address = NULL;
  gboolean known = g_hash_table_lookup_extended (self->names, name, NULL, &address);
  g_autoptr (GSource) source
      = known && address == NULL ? g_cancellable_source_new (cancellable) : g_idle_source_new ();

  g_task_set_task_data (task, g_strdup (name), g_free);
  self->asked++;
  self->active++;
  self->max_active = MAX (self->max_active, self->active);
  if (known && address == NULL)
    g_source_set_callback (source, G_SOURCE_FUNC (on_cancelled), task, g_object_unref);
  else
    g_source_set_callback (source, on_answer, task, g_object_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static GList *
lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_resolver_finalize (GObject *object)
{
  g_hash_table_unref (FAKE_RESOLVER (object)->names);
  G_OBJECT_CLASS (fake_resolver_parent_class)->finalize (object);
}

static void
fake_resolver_class_init (FakeResolverClass *klass)
{
  GResolverClass *resolver_class = G_RESOLVER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = fake_resolver_finalize;
  resolver_class->lookup_by_name_async = lookup_async;
  resolver_class->lookup_by_name_finish = lookup_finish;
}

static void
fake_resolver_init (FakeResolver *self)
{
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

FakeResolver *
fake_resolver_new (void)
{
  return g_object_new (FAKE_TYPE_RESOLVER, NULL);
}

void
fake_resolver_add (FakeResolver *self, const char *name, const char *address)
{
  g_hash_table_insert (self->names, g_strdup (name), g_strdup (address));
}

guint
fake_resolver_get_n_asked (FakeResolver *self)
{
  return self->asked;
}

guint
fake_resolver_get_n_active (FakeResolver *self)
{
  return self->active;
}

guint
fake_resolver_get_max_active (FakeResolver *self)
{
  return self->max_active;
}
