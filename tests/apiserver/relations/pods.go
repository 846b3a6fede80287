package main

import (
	core "k8s.io/api/core/v1"
	resource "k8s.io/api/resource/v1"
	scheduling "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// As a StatefulSet calls its Pods, and not.
var podNames = []string{"n0-0", "n1-12", "n0-x", "n1"}

func (c chooser) pods() (all []*core.Pod) {
	for _, namespace := range namespaces {
		for _, name := range podNames {
			meta := c.owned(c.meta(namespace, name))
			if c.chance(6) {
				meta.Labels = nil
			}
			all = append(all, &core.Pod{ObjectMeta: meta, Spec: c.podSpec(), Status: c.podStatus()})
		}
	}
	return all
}

func (c chooser) podStatus() core.PodStatus {
	status := core.PodStatus{
		Phase: pick(c, []core.PodPhase{"", "Pending", "Running", "Succeeded", "Failed"}),
		PodIP: pick(c, []string{"", "10.0.0.1"}),
	}
	if c.chance(4) {
		status.PodIPs = []core.PodIP{{IP: "10.0.0.1"}}
	}
	for range c.Intn(3) {
		made := core.PodResourceClaimStatus{Name: c.name()}
		if !c.chance(4) {
			name := "made-" + c.name()
			made.ResourceClaimName = &name
		}
		status.ResourceClaimStatuses = append(status.ResourceClaimStatuses, made)
	}
	if c.chance(4) {
		status.ExtendedResourceClaimStatus = &core.PodExtendedResourceClaimStatus{ResourceClaimName: c.reference()}
	}
	return status
}

func (c chooser) podSpec() core.PodSpec {
	spec := core.PodSpec{
		ImagePullSecrets: some(c, func() core.LocalObjectReference { return c.local() }),
		Volumes:          some(c, c.podVolume),
	}
	if c.chance(2) {
		spec.Containers = []core.Container{{Name: "c", Env: some(c, c.env), EnvFrom: some(c, c.envFrom)}}
	}
	if c.chance(4) {
		spec.InitContainers = []core.Container{{Name: "i", Env: some(c, c.env), EnvFrom: some(c, c.envFrom)}}
	}
	if c.chance(4) {
		common := core.EphemeralContainerCommon{Name: "e", Env: some(c, c.env), EnvFrom: some(c, c.envFrom)}
		spec.EphemeralContainers = []core.EphemeralContainer{{EphemeralContainerCommon: common}}
	}
	for range c.Intn(3) {
		claim, name := core.PodResourceClaim{Name: c.name()}, c.reference()
		switch c.Intn(3) {
		case 0:
			claim.ResourceClaimName = &name
		case 1:
			claim.ResourceClaimTemplateName = &name
		}
		spec.ResourceClaims = append(spec.ResourceClaims, claim)
	}
	if group := c.name(); c.chance(3) {
		spec.SchedulingGroup = &core.PodSchedulingGroup{PodGroupName: &group}
	}
	return spec
}

func (c chooser) podGroup(meta metav1.ObjectMeta) *scheduling.PodGroup {
	group := &scheduling.PodGroup{ObjectMeta: meta}
	for range c.Intn(3) {
		claim, name := scheduling.PodGroupResourceClaim{Name: c.name()}, c.reference()
		switch c.Intn(3) {
		case 0:
			claim.ResourceClaimName = &name
		case 1:
			claim.ResourceClaimTemplateName = &name
		}
		group.Spec.ResourceClaims = append(group.Spec.ResourceClaims, claim)
	}
	for range c.Intn(3) {
		made := scheduling.PodGroupResourceClaimStatus{Name: c.name()}
		if !c.chance(4) {
			name := "made-" + c.name()
			made.ResourceClaimName = &name
		}
		group.Status.ResourceClaimStatuses = append(group.Status.ResourceClaimStatuses, made)
	}
	return group
}

// reference is the name of something, or empty.
func (c chooser) reference() string { return pick(c, []string{"", "n0", "n1", "made-n0"}) }

func (c chooser) local() core.LocalObjectReference {
	return core.LocalObjectReference{Name: c.reference()}
}

func (c chooser) localPointer() *core.LocalObjectReference {
	if c.chance(4) {
		return nil
	}
	local := c.local()
	return &local
}

func (c chooser) env() core.EnvVar {
	switch c.Intn(3) {
	case 0:
		return core.EnvVar{Name: "E", ValueFrom: &core.EnvVarSource{SecretKeyRef: &core.SecretKeySelector{LocalObjectReference: c.local()}}}
	case 1:
		return core.EnvVar{Name: "E", ValueFrom: &core.EnvVarSource{ConfigMapKeyRef: &core.ConfigMapKeySelector{LocalObjectReference: c.local()}}}
	default:
		return core.EnvVar{Name: "E", Value: "n0"}
	}
}

func (c chooser) envFrom() core.EnvFromSource {
	if c.chance(2) {
		return core.EnvFromSource{SecretRef: &core.SecretEnvSource{LocalObjectReference: c.local()}}
	}
	return core.EnvFromSource{ConfigMapRef: &core.ConfigMapEnvSource{LocalObjectReference: c.local()}}
}

func (c chooser) projection() core.VolumeProjection {
	switch c.Intn(3) {
	case 0:
		return core.VolumeProjection{Secret: &core.SecretProjection{LocalObjectReference: c.local()}}
	case 1:
		return core.VolumeProjection{ConfigMap: &core.ConfigMapProjection{LocalObjectReference: c.local()}}
	default:
		return core.VolumeProjection{ServiceAccountToken: &core.ServiceAccountTokenProjection{Path: "p"}}
	}
}

func (c chooser) podVolume() core.Volume {
	sources := []func(*core.VolumeSource){
		func(v *core.VolumeSource) { v.Secret = &core.SecretVolumeSource{SecretName: c.reference()} },
		func(v *core.VolumeSource) { v.ConfigMap = &core.ConfigMapVolumeSource{LocalObjectReference: c.local()} },
		func(v *core.VolumeSource) { v.Projected = &core.ProjectedVolumeSource{Sources: some(c, c.projection)} },
		func(v *core.VolumeSource) { v.AzureFile = &core.AzureFileVolumeSource{SecretName: c.reference()} },
		func(v *core.VolumeSource) { v.CephFS = &core.CephFSVolumeSource{SecretRef: c.localPointer()} },
		func(v *core.VolumeSource) { v.Cinder = &core.CinderVolumeSource{SecretRef: c.localPointer()} },
		func(v *core.VolumeSource) { v.FlexVolume = &core.FlexVolumeSource{SecretRef: c.localPointer()} },
		func(v *core.VolumeSource) { v.RBD = &core.RBDVolumeSource{SecretRef: c.localPointer()} },
		func(v *core.VolumeSource) {
			local := c.local()
			v.ScaleIO = &core.ScaleIOVolumeSource{SecretRef: &local}
		},
		func(v *core.VolumeSource) { v.ISCSI = &core.ISCSIVolumeSource{SecretRef: c.localPointer()} },
		func(v *core.VolumeSource) { v.StorageOS = &core.StorageOSVolumeSource{SecretRef: c.localPointer()} },
		func(v *core.VolumeSource) { v.CSI = &core.CSIVolumeSource{NodePublishSecretRef: c.localPointer()} },
		func(v *core.VolumeSource) {
			v.PersistentVolumeClaim = &core.PersistentVolumeClaimVolumeSource{ClaimName: c.reference()}
		},
		func(v *core.VolumeSource) { v.Ephemeral = &core.EphemeralVolumeSource{} },
	}
	volume := core.Volume{Name: c.name()}
	// The last two, which other relations are about, more often.
	pick(c, append(sources, sources[12], sources[13], sources[13]))(&volume.VolumeSource)
	return volume
}

// claimed makes claims: of anybody, and called as those that are made for Pods.
func (c chooser) claimed(make func(metav1.ObjectMeta) *core.PersistentVolumeClaim) (all []*core.PersistentVolumeClaim) {
	for _, namespace := range namespaces {
		for _, name := range []string{"n0", "n1", "n0-0-n0", "n1-n1", "n0-x-n0"} {
			meta := c.controlledByPod(c.meta(namespace, name))
			all = append(all, make(meta))
		}
	}
	return all
}

func resourceClaims(c chooser) (all []*resource.ResourceClaim) {
	for _, namespace := range namespaces {
		for _, name := range []string{"n0", "n1", "made-n0", "made-n1"} {
			meta := c.controlledByPod(c.meta(namespace, name))
			if c.chance(3) {
				meta = c.controlledByGroup(meta)
			}
			all = append(all, &resource.ResourceClaim{ObjectMeta: meta})
		}
	}
	return all
}

func (c chooser) controlledByGroup(meta metav1.ObjectMeta) metav1.ObjectMeta {
	yes, group := true, c.name()
	version := pick(c, []string{"scheduling.k8s.io/v1beta1", "scheduling.k8s.io/v1", "example.com/v1"})
	kind := pick(c, []string{"PodGroup", "PodGroup", "Workload"})
	owner := metav1.OwnerReference{APIVersion: version, Kind: kind, Name: group, UID: c.uid(meta.Namespace, group), Controller: &yes}
	meta.OwnerReferences = []metav1.OwnerReference{owner}
	return meta
}

func (c chooser) controlledByPod(meta metav1.ObjectMeta) metav1.ObjectMeta {
	if !c.chance(3) {
		yes := true
		pod := pick(c, podNames)
		owner := metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: pod, UID: c.uid(meta.Namespace, pod), Controller: &yes}
		meta.OwnerReferences = []metav1.OwnerReference{owner}
	}
	return meta
}

func (c chooser) secret() *core.SecretReference {
	if c.chance(5) {
		return nil
	}
	return &core.SecretReference{Name: c.reference(), Namespace: pick(c, []string{"", "a", "b"})}
}

func (c chooser) volume(meta metav1.ObjectMeta) *core.PersistentVolume {
	volume := &core.PersistentVolume{ObjectMeta: meta}
	if !c.chance(4) {
		namespace, name := pick(c, namespaces), c.name()
		uid := pick(c, []types.UID{"", c.uid(namespace, name)})
		volume.Spec.ClaimRef = &core.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: namespace, Name: name, UID: uid}
	}
	v := &volume.Spec.PersistentVolumeSource
	namespace := pick(c, []string{"", "a", "b"})
	sources := []func(){
		func() {
			v.AzureFile = &core.AzureFilePersistentVolumeSource{SecretName: c.reference(), SecretNamespace: &namespace}
		},
		func() { v.AzureFile = &core.AzureFilePersistentVolumeSource{SecretName: c.reference()} },
		func() { v.CephFS = &core.CephFSPersistentVolumeSource{SecretRef: c.secret()} },
		func() { v.Cinder = &core.CinderPersistentVolumeSource{SecretRef: c.secret()} },
		func() { v.FlexVolume = &core.FlexPersistentVolumeSource{SecretRef: c.secret()} },
		func() { v.RBD = &core.RBDPersistentVolumeSource{SecretRef: c.secret()} },
		func() {
			secret := core.SecretReference{Name: c.reference(), Namespace: namespace}
			v.ScaleIO = &core.ScaleIOPersistentVolumeSource{SecretRef: &secret}
		},
		func() { v.ISCSI = &core.ISCSIPersistentVolumeSource{SecretRef: c.secret()} },
		func() {
			v.CSI = &core.CSIPersistentVolumeSource{
				ControllerPublishSecretRef: c.secret(), ControllerExpandSecretRef: c.secret(),
				NodePublishSecretRef: c.secret(), NodeStageSecretRef: c.secret(), NodeExpandSecretRef: c.secret(),
			}
		},
	}
	pick(c, sources)()
	return volume
}
