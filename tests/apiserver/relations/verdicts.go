package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	scheduling "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	listers "k8s.io/client-go/listers/apps/v1"
	batchlisters "k8s.io/client-go/listers/batch/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	policylisters "k8s.io/client-go/listers/policy/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/component-helpers/storage/ephemeral"
	"k8s.io/component-helpers/storage/volume"
	"k8s.io/dynamic-resource-allocation/resourceclaim"
	endpoints "k8s.io/endpointslice/util"
	"k8s.io/kubernetes/pkg/api/v1/persistentvolume"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
	"k8s.io/kubernetes/pkg/controller"
	deployments "k8s.io/kubernetes/pkg/controller/deployment/util"
	"k8s.io/kubernetes/pkg/registry/rbac/validation"
)

// verdicts has the pairs of each relation: of each the source and the target, as namespace/name.
type verdicts map[string][][2]string

func (v verdicts) add(relation string, source, target metav1.Object) {
	v.addKey(relation, source, keyOf(target))
}

func (v verdicts) addKey(relation string, source metav1.Object, target string) {
	v[relation] = append(v[relation], [2]string{keyOf(source), target})
}

func keyOf(object metav1.Object) string {
	if object.GetNamespace() == "" {
		return object.GetName()
	}
	return object.GetNamespace() + "/" + object.GetName()
}

func indexer[T any](objects []T, indexers cache.Indexers) cache.Indexer {
	indexers[cache.NamespaceIndex] = cache.MetaNamespaceIndexFunc
	all := cache.NewIndexer(cache.MetaNamespaceKeyFunc, indexers)
	for _, object := range objects {
		if err := all.Add(object); err != nil {
			panic(err)
		}
	}
	return all
}

func plain[T any](objects []T) cache.Indexer { return indexer(objects, cache.Indexers{}) }

func (c *cluster) verdicts() (verdicts, error) {
	v := verdicts{}
	for _, judge := range []func(verdicts) error{c.selected, c.owned, c.deployed, c.scheduled, c.referred, c.claimedVolumes, c.claimedByGroups, c.bound} {
		if err := judge(v); err != nil {
			return nil, err
		}
	}
	for _, pairs := range v {
		slices.SortFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0]+" "+a[1], b[0]+" "+b[1]) })
	}
	return v, nil
}

// labelled is the Pod with a label that nobody selects: the listers refuse Pods without any.
func labelled(pod *core.Pod) *core.Pod {
	pod = pod.DeepCopy()
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels["nobody-selects-it"] = ""
	return pod
}

// sources adds what a lister found; that it found nothing is an error to listers.
func sources[T metav1.Object](v verdicts, relation string, pod *core.Pod, find func(*core.Pod) ([]T, error)) {
	found, _ := find(pod)
	for _, source := range found {
		v.add(relation, source, pod)
	}
}

func (c *cluster) selected(v verdicts) error {
	services := corelisters.NewServiceLister(plain(c.Services))
	external := map[string]bool{}
	for _, service := range c.Services {
		external[keyOf(service)] = service.Spec.Type == core.ServiceTypeExternalName
	}
	for _, original := range c.Pods {
		pod := labelled(original)
		sources(v, "rc_pods", pod, corelisters.NewReplicationControllerLister(plain(c.Controllers)).GetPodControllers)
		sources(v, "rs_pods", pod, listers.NewReplicaSetLister(plain(c.ReplicaSets)).GetPodReplicaSets)
		sources(v, "daemonset_pods", pod, listers.NewDaemonSetLister(plain(c.DaemonSets)).GetPodDaemonSets)
		sources(v, "statefulset_pods", pod, listers.NewStatefulSetLister(plain(c.StatefulSets)).GetPodStatefulSets)
		sources(v, "pdb_pods", pod, policylisters.NewPodDisruptionBudgetLister(plain(c.Budgets)).GetPodPodDisruptionBudgets)
		jobs, _ := batchlisters.NewJobLister(plain(c.Jobs)).GetPodJobs(pod)
		for index := range jobs {
			v.add("job_pods", &jobs[index], pod)
		}
		// It names those that are only the name of another host, too, which the controllers leave out later.
		selecting, err := endpoints.GetServicesToUpdate(services, &endpoints.PodProjectionKey{Namespace: pod.Namespace, Labels: pod.Labels})
		if err != nil {
			return err
		}
		for service := range selecting {
			if !external[service] {
				v["service_pods"] = append(v["service_pods"], [2]string{service, keyOf(pod)})
			}
		}
		if endpoints.ShouldPodBeInEndpoints(original, true) {
			v.add("eligible", pod, pod)
		}
	}
	return nil
}

// selectorOf is that of a workload that selects nothing where its selector is empty or invalid.
func selectorOf(selector *metav1.LabelSelector) labels.Selector {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil || parsed.Empty() {
		return labels.Nothing()
	}
	return parsed
}

func (c *cluster) podIndexer() cache.Indexer {
	return indexer(c.Pods, cache.Indexers{controller.PodControllerIndex: func(object any) ([]string, error) {
		pod := object.(*core.Pod)
		return []string{controller.PodControllerIndexKey(pod.Namespace, metav1.GetControllerOf(pod))}, nil
	}})
}

// A StatefulSet's own name and the ordinal: the controller keeps this expression to itself.
var member = regexp.MustCompile("^(.*)-([0-9]+)$")

func (c *cluster) owned(v verdicts) error {
	pods := c.podIndexer()
	claim := func(relation, kind string, meta *metav1.ObjectMeta, selector labels.Selector, filter func(*core.Pod) bool) error {
		owned, err := controller.FilterPodsByOwner(pods, meta, kind, false)
		if err != nil {
			return err
		}
		for _, pod := range controller.FilterClaimedPods(meta, selector, owned) {
			if filter(pod) {
				v.add(relation, meta, pod)
			}
		}
		return nil
	}
	all := func(*core.Pod) bool { return true }
	for _, rc := range c.Controllers {
		selector := selectorOf(&metav1.LabelSelector{MatchLabels: rc.Spec.Selector})
		if err := claim("rc_owned_pods", "ReplicationController", &rc.ObjectMeta, selector, all); err != nil {
			return err
		}
	}
	for _, set := range c.ReplicaSets {
		if err := claim("rs_owned_pods", "ReplicaSet", &set.ObjectMeta, selectorOf(set.Spec.Selector), all); err != nil {
			return err
		}
	}
	for _, set := range c.DaemonSets {
		if err := claim("daemonset_owned_pods", "DaemonSet", &set.ObjectMeta, selectorOf(set.Spec.Selector), all); err != nil {
			return err
		}
	}
	for _, set := range c.StatefulSets {
		isMember := func(pod *core.Pod) bool {
			parts := member.FindStringSubmatch(pod.Name)
			return parts != nil && parts[1] == set.Name
		}
		if err := claim("statefulset_owned_pods", "StatefulSet", &set.ObjectMeta, selectorOf(set.Spec.Selector), isMember); err != nil {
			return err
		}
	}
	for _, job := range c.Jobs {
		selector, err := metav1.LabelSelectorAsSelector(job.Spec.Selector)
		if err != nil {
			continue
		}
		if err := claim("job_owned_pods", "Job", &job.ObjectMeta, selector, all); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) deployed(v verdicts) error {
	pods := c.podIndexer()
	sets := listers.NewReplicaSetLister(plain(c.ReplicaSets))
	for _, deployment := range c.Deployments {
		selector := selectorOf(deployment.Spec.Selector)
		for _, pod := range c.Pods {
			if pod.Namespace == deployment.Namespace && selector.Matches(labels.Set(pod.Labels)) {
				v.add("deployment_pods", deployment, pod)
			}
		}
		if selector.String() == labels.Nothing().String() {
			continue // as text it would be everything
		}
		list := func(namespace string, options metav1.ListOptions) ([]*apps.ReplicaSet, error) {
			parsed, err := labels.Parse(options.LabelSelector)
			if err != nil {
				return nil, err
			}
			return sets.ReplicaSets(namespace).List(parsed)
		}
		owned, err := deployments.ListReplicaSets(deployment, list)
		if err != nil {
			return err
		}
		for _, set := range owned {
			v.add("deployment_owned_replicasets", deployment, set)
			of, err := controller.FilterPodsByOwner(pods, &set.ObjectMeta, "ReplicaSet", false)
			if err != nil {
				return err
			}
			for _, pod := range of {
				v.add("deployment_owned_pods", set, pod)
			}
		}
	}
	return nil
}

func (c *cluster) scheduled(v verdicts) error {
	for _, cronJob := range c.CronJobs {
		for _, job := range c.Jobs {
			owner := metav1.GetControllerOf(job)
			if owner != nil && owner.Kind == "CronJob" && owner.Name == cronJob.Name && metav1.IsControlledBy(job, cronJob) && job.Namespace == cronJob.Namespace {
				v.add("cronjob_jobs", cronJob, job)
			}
		}
	}
	return nil
}

func has[T metav1.Object](all []T, key string) bool {
	return slices.ContainsFunc(all, func(object T) bool { return keyOf(object) == key })
}

func (c *cluster) referred(v verdicts) error {
	for _, pod := range c.Pods {
		refer := func(relation string, there func(string) bool) func(string) bool {
			told := map[string]bool{}
			return func(name string) bool {
				key := pod.Namespace + "/" + name
				if there(key) && !told[key] {
					told[key] = true
					v.addKey(relation, pod, key)
				}
				return true
			}
		}
		podutil.VisitPodSecretNames(pod, refer("pod_secrets", func(key string) bool { return has(c.Secrets, key) }))
		podutil.VisitPodConfigmapNames(pod, refer("pod_configmaps", func(key string) bool { return has(c.ConfigMaps, key) }))
	}
	for _, pv := range c.Volumes {
		told := map[string]bool{}
		persistentvolume.VisitPVSecretNames(pv, func(namespace, name string, _ bool) bool {
			key := namespace + "/" + name
			if has(c.Secrets, key) && !told[key] {
				told[key] = true
				v.addKey("volume_secrets", pv, key)
			}
			return true
		})
	}
	return nil
}

func (c *cluster) claimedVolumes(v verdicts) error {
	for _, claim := range c.Claims {
		for _, pv := range c.Volumes {
			if claim.Spec.VolumeName == pv.Name && volume.IsVolumeBoundToClaim(pv, claim) {
				v.add("claim_volumes", claim, pv)
			}
		}
	}
	for _, pod := range c.Pods {
		for _, claim := range c.Claims {
			uses := func(of core.Volume) bool {
				if of.PersistentVolumeClaim != nil {
					return of.PersistentVolumeClaim.ClaimName == claim.Name && pod.Namespace == claim.Namespace
				}
				return of.Ephemeral != nil && ephemeral.VolumeClaimName(pod, &of) == claim.Name && ephemeral.VolumeIsForPod(pod, claim) == nil
			}
			if slices.ContainsFunc(pod.Spec.Volumes, uses) {
				v.add("pod_claims", pod, claim)
			}
		}
		for _, claim := range c.ResourceClaims {
			for name, mustCheck := range resourceclaim.PodClaims(pod) {
				if name == claim.Name && pod.Namespace == claim.Namespace && (!mustCheck || resourceclaim.IsForPod(pod, claim, true) == nil) {
					v.add("pod_resourceclaims", pod, claim)
					break
				}
			}
		}
	}
	return nil
}

func (c *cluster) claimedByGroups(v verdicts) error {
	for _, group := range c.PodGroups {
		for _, claim := range c.ResourceClaims {
			uses := func(of scheduling.PodGroupResourceClaim) bool {
				name, mustCheck, err := resourceclaim.NameFromPodGroup(group, &of)
				if err != nil || name == nil || *name != claim.Name || group.Namespace != claim.Namespace {
					return false
				}
				return !mustCheck || resourceclaim.IsForPodGroup(group, claim) == nil
			}
			if slices.ContainsFunc(group.Spec.ResourceClaims, uses) {
				v.add("podgroup_resourceclaims", group, claim)
			}
		}
	}
	return nil
}

func (c *cluster) bound(v verdicts) error {
	var roles []*rbac.ClusterRole
	add := func(ref rbac.RoleRef) {
		// A rule that says of which binding it comes.
		rule := rbac.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{ref.Name}}
		roles = append(roles, &rbac.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: ref.Name}, Rules: []rbac.PolicyRule{rule}})
	}
	for _, binding := range c.RoleBindings {
		add(binding.RoleRef)
	}
	for _, binding := range c.ClusterRoleBindings {
		add(binding.RoleRef)
	}
	resolver, _ := validation.NewTestRuleResolver(nil, c.RoleBindings, roles, c.ClusterRoleBindings)
	for _, account := range c.ServiceAccounts {
		user := serviceaccount.UserInfo(account.Namespace, account.Name, string(account.UID))
		info := authenticated{user}
		told := map[string]bool{}
		for _, namespace := range namespaces {
			rules, err := resolver.RulesFor(context.Background(), info, namespace)
			if err != nil {
				return fmt.Errorf("the rules for %s: %w", user.GetName(), err)
			}
			for _, rule := range rules {
				binding := strings.TrimPrefix(strings.Replace(rule.Resources[0], ".", "/", 1), "/")
				if !told[binding] {
					told[binding] = true
					relation := "binding_serviceaccounts"
					if !strings.Contains(binding, "/") {
						relation = "cluster_binding_serviceaccounts"
					}
					v[relation] = append(v[relation], [2]string{binding, keyOf(account)})
				}
			}
		}
	}
	return nil
}
