// Made by `cargo xtask schema` (tests/apiserver/schema) from the Go types of k8s.io/api v0.37.2; not edited.

use super::message::Kind::{Bool, Bytes, Float64, Int32, Int64, IntOrString, Json, MicroTime, OneOrBool, OneOrMany, OneOrTexts, Quantity, Text, Texts, Time};
use super::message::Message;
use super::message::build::{G, I, M, O, P, R, f, m, object, plain, s};

// Messages that cannot be told apart are one.
pub(super) static A: [Message; 729] = [
    // 0: k8s.io/api/admission/v1.AdmissionReview and 1 more
    object(&[m(1, "request", &A[1], P), m(2, "response", &A[5], P)]),
    // 1: k8s.io/api/admission/v1.AdmissionRequest and 1 more
    plain(&[f(1, "uid", Text, 0), m(2, "kind", &A[2], 0), m(3, "resource", &A[3], 0), f(4, "subResource", Text, O),
        f(5, "name", Text, O), f(6, "namespace", Text, O), f(7, "operation", Text, 0), m(8, "userInfo", &A[4], 0),
        f(9, "object", Json, 0), f(10, "oldObject", Json, 0), f(11, "dryRun", Bool, P), f(12, "options", Json, 0),
        m(13, "requestKind", &A[2], P), m(14, "requestResource", &A[3], P), f(15, "requestSubResource", Text, O)]),
    // 2: k8s.io/apimachinery/pkg/apis/meta/v1.GroupVersionKind
    plain(&[f(1, "group", Text, 0), f(2, "version", Text, 0), f(3, "kind", Text, 0)]),
    // 3: k8s.io/apimachinery/pkg/apis/meta/v1.GroupVersionResource
    plain(&[f(1, "group", Text, 0), f(2, "version", Text, 0), f(3, "resource", Text, 0)]),
    // 4: k8s.io/api/authentication/v1.UserInfo and 1 more
    plain(&[f(1, "username", Text, O), f(2, "uid", Text, O), f(3, "groups", Text, R), f(4, "extra", Texts, M)]),
    // 5: k8s.io/api/admission/v1.AdmissionResponse and 1 more
    plain(&[f(1, "uid", Text, 0), f(2, "allowed", Bool, 0), m(3, "status", &A[6], P), f(4, "patch", Bytes, O),
        f(5, "patchType", Text, P), f(6, "auditAnnotations", Text, M), f(7, "warnings", Text, R)]),
    // 6: k8s.io/apimachinery/pkg/apis/meta/v1.Status
    object(&[m(1, "metadata", &A[7], 0), f(2, "status", Text, O), f(3, "message", Text, O), f(4, "reason", Text, O),
        m(5, "details", &A[9], P), f(6, "code", Int32, O)]),
    // 7: k8s.io/apimachinery/pkg/apis/meta/v1.ListMeta
    plain(&[f(1, "selfLink", Text, O), f(2, "resourceVersion", Text, O), f(3, "continue", Text, O),
        f(4, "remainingItemCount", Int64, P), m(5, "shardInfo", &A[8], P)]),
    // 8: k8s.io/apimachinery/pkg/apis/meta/v1.ShardInfo
    plain(&[f(1, "selector", Text, 0)]),
    // 9: k8s.io/apimachinery/pkg/apis/meta/v1.StatusDetails
    plain(&[f(1, "name", Text, O), f(2, "group", Text, O), f(3, "kind", Text, O), m(4, "causes", &A[10], R),
        f(5, "retryAfterSeconds", Int32, O), f(6, "uid", Text, O)]),
    // 10: k8s.io/apimachinery/pkg/apis/meta/v1.StatusCause
    plain(&[f(1, "reason", Text, O), f(2, "message", Text, O), f(3, "field", Text, O)]),
    // 11: k8s.io/api/admissionregistration/v1.MutatingAdmissionPolicy and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[15], 0)]),
    // 12: k8s.io/apimachinery/pkg/apis/meta/v1.ObjectMeta
    plain(&[f(1, "name", Text, O), f(2, "generateName", Text, O), f(3, "namespace", Text, O),
        f(4, "selfLink", Text, O), f(5, "uid", Text, O), f(6, "resourceVersion", Text, O),
        f(7, "generation", Int64, O), f(8, "creationTimestamp", Time, O), f(9, "deletionTimestamp", Time, P),
        f(10, "deletionGracePeriodSeconds", Int64, P), f(11, "labels", Text, M), f(12, "annotations", Text, M),
        m(13, "ownerReferences", &A[13], R), f(14, "finalizers", Text, R), m(17, "managedFields", &A[14], R|G)]),
    // 13: k8s.io/apimachinery/pkg/apis/meta/v1.OwnerReference
    plain(&[f(1, "kind", Text, 0), f(3, "name", Text, 0), f(4, "uid", Text, 0), f(5, "apiVersion", Text, 0),
        f(6, "controller", Bool, P), f(7, "blockOwnerDeletion", Bool, P)]),
    // 14: k8s.io/apimachinery/pkg/apis/meta/v1.ManagedFieldsEntry
    plain(&[f(1, "manager", Text, O), f(2, "operation", Text, O), f(3, "apiVersion", Text, O), f(4, "time", Time, P),
        f(6, "fieldsType", Text, O), f(7, "fieldsV1", Json, P), f(8, "subresource", Text, O)]),
    // 15: k8s.io/api/admissionregistration/v1.MutatingAdmissionPolicySpec and 2 more
    plain(&[m(1, "paramKind", &A[16], P), m(2, "matchConstraints", &A[17], P), m(3, "variables", &A[23], R),
        m(4, "mutations", &A[24], R), f(5, "failurePolicy", Text, P), m(6, "matchConditions", &A[23], R),
        f(7, "reinvocationPolicy", Text, O)]),
    // 16: k8s.io/api/admissionregistration/v1.ParamKind and 2 more
    plain(&[f(1, "apiVersion", Text, O), f(2, "kind", Text, O)]),
    // 17: k8s.io/api/admissionregistration/v1.MatchResources and 2 more
    plain(&[m(1, "namespaceSelector", &A[18], P), m(2, "objectSelector", &A[18], P), m(3, "resourceRules", &A[20], R),
        m(4, "excludeResourceRules", &A[20], R), f(7, "matchPolicy", Text, P)]),
    // 18: k8s.io/apimachinery/pkg/apis/meta/v1.LabelSelector
    plain(&[f(1, "matchLabels", Text, M), m(2, "matchExpressions", &A[19], R)]),
    // 19: k8s.io/apimachinery/pkg/apis/meta/v1.LabelSelectorRequirement and 2 more
    plain(&[f(1, "key", Text, 0), f(2, "operator", Text, 0), f(3, "values", Text, R)]),
    // 20: k8s.io/api/admissionregistration/v1.NamedRuleWithOperations and 2 more
    plain(&[f(1, "resourceNames", Text, R), m(2, "", &A[21], I)]),
    // 21: k8s.io/api/admissionregistration/v1.RuleWithOperations
    plain(&[f(1, "operations", Text, R), m(2, "", &A[22], I)]),
    // 22: k8s.io/api/admissionregistration/v1.Rule
    plain(&[f(1, "apiGroups", Text, R), f(2, "apiVersions", Text, R), f(3, "resources", Text, R),
        f(4, "scope", Text, P)]),
    // 23: k8s.io/api/admissionregistration/v1.Variable and 8 more
    plain(&[f(1, "name", Text, 0), f(2, "expression", Text, 0)]),
    // 24: k8s.io/api/admissionregistration/v1.Mutation and 2 more
    plain(&[f(2, "patchType", Text, 0), m(3, "applyConfiguration", &A[25], P), m(4, "jsonPatch", &A[25], P)]),
    // 25: k8s.io/api/admissionregistration/v1.ApplyConfiguration and 5 more
    plain(&[f(1, "expression", Text, O)]),
    // 26: k8s.io/api/admissionregistration/v1.MutatingAdmissionPolicyBinding and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[27], 0)]),
    // 27: k8s.io/api/admissionregistration/v1.MutatingAdmissionPolicyBindingSpec and 2 more
    plain(&[f(1, "policyName", Text, O), m(2, "paramRef", &A[28], P), m(3, "matchResources", &A[17], P)]),
    // 28: k8s.io/api/admissionregistration/v1.ParamRef and 2 more
    plain(&[f(1, "name", Text, O), f(2, "namespace", Text, O), m(3, "selector", &A[18], P),
        f(4, "parameterNotFoundAction", Text, P)]),
    // 29: k8s.io/api/admissionregistration/v1.MutatingAdmissionPolicyBindingList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[26], R)]),
    // 30: k8s.io/api/admissionregistration/v1.MutatingAdmissionPolicyList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[11], R)]),
    // 31: k8s.io/api/admissionregistration/v1.MutatingWebhookConfiguration and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "webhooks", &A[32], R)]),
    // 32: k8s.io/api/admissionregistration/v1.MutatingWebhook and 1 more
    plain(&[f(1, "name", Text, 0), m(2, "clientConfig", &A[33], 0), m(3, "rules", &A[21], R),
        f(4, "failurePolicy", Text, P), m(5, "namespaceSelector", &A[18], P), f(6, "sideEffects", Text, P),
        f(7, "timeoutSeconds", Int32, P), f(8, "admissionReviewVersions", Text, R), f(9, "matchPolicy", Text, P),
        f(10, "reinvocationPolicy", Text, P), m(11, "objectSelector", &A[18], P), m(12, "matchConditions", &A[23], R)]),
    // 33: k8s.io/api/admissionregistration/v1.WebhookClientConfig and 3 more
    plain(&[m(1, "service", &A[34], P), f(2, "caBundle", Bytes, O), f(3, "url", Text, P)]),
    // 34: k8s.io/api/admissionregistration/v1.ServiceReference and 3 more
    plain(&[f(1, "namespace", Text, 0), f(2, "name", Text, 0), f(3, "path", Text, P), f(4, "port", Int32, P)]),
    // 35: k8s.io/api/admissionregistration/v1.MutatingWebhookConfigurationList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[31], R)]),
    // 36: k8s.io/api/admissionregistration/v1.ValidatingAdmissionPolicy and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[37], 0), m(3, "status", &A[40], 0)]),
    // 37: k8s.io/api/admissionregistration/v1.ValidatingAdmissionPolicySpec and 2 more
    plain(&[m(1, "paramKind", &A[16], P), m(2, "matchConstraints", &A[17], P), m(3, "validations", &A[38], R),
        f(4, "failurePolicy", Text, P), m(5, "auditAnnotations", &A[39], R), m(6, "matchConditions", &A[23], R),
        m(7, "variables", &A[23], R)]),
    // 38: k8s.io/api/admissionregistration/v1.Validation and 2 more
    plain(&[f(1, "expression", Text, 0), f(2, "message", Text, O), f(3, "reason", Text, P),
        f(4, "messageExpression", Text, O)]),
    // 39: k8s.io/api/admissionregistration/v1.AuditAnnotation and 2 more
    plain(&[f(1, "key", Text, 0), f(2, "valueExpression", Text, 0)]),
    // 40: k8s.io/api/admissionregistration/v1.ValidatingAdmissionPolicyStatus and 2 more
    plain(&[f(1, "observedGeneration", Int64, O), m(2, "typeChecking", &A[41], P), m(3, "conditions", &A[43], R)]),
    // 41: k8s.io/api/admissionregistration/v1.TypeChecking and 2 more
    plain(&[m(1, "expressionWarnings", &A[42], R)]),
    // 42: k8s.io/api/admissionregistration/v1.ExpressionWarning and 2 more
    plain(&[f(2, "fieldRef", Text, 0), f(3, "warning", Text, 0)]),
    // 43: k8s.io/apimachinery/pkg/apis/meta/v1.Condition
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(3, "observedGeneration", Int64, O),
        f(4, "lastTransitionTime", Time, 0), f(5, "reason", Text, 0), f(6, "message", Text, 0)]),
    // 44: k8s.io/api/admissionregistration/v1.ValidatingAdmissionPolicyBinding and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[45], 0)]),
    // 45: k8s.io/api/admissionregistration/v1.ValidatingAdmissionPolicyBindingSpec and 2 more
    plain(&[f(1, "policyName", Text, O), m(2, "paramRef", &A[28], P), m(3, "matchResources", &A[17], P),
        f(4, "validationActions", Text, R)]),
    // 46: k8s.io/api/admissionregistration/v1.ValidatingAdmissionPolicyBindingList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[44], R)]),
    // 47: k8s.io/api/admissionregistration/v1.ValidatingAdmissionPolicyList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[36], R)]),
    // 48: k8s.io/api/admissionregistration/v1.ValidatingWebhookConfiguration and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "webhooks", &A[49], R)]),
    // 49: k8s.io/api/admissionregistration/v1.ValidatingWebhook and 1 more
    plain(&[f(1, "name", Text, 0), m(2, "clientConfig", &A[33], 0), m(3, "rules", &A[21], R),
        f(4, "failurePolicy", Text, P), m(5, "namespaceSelector", &A[18], P), f(6, "sideEffects", Text, P),
        f(7, "timeoutSeconds", Int32, P), f(8, "admissionReviewVersions", Text, R), f(9, "matchPolicy", Text, P),
        m(10, "objectSelector", &A[18], P), m(11, "matchConditions", &A[23], R)]),
    // 50: k8s.io/api/admissionregistration/v1.ValidatingWebhookConfigurationList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[48], R)]),
    // 51: k8s.io/api/apidiscovery/v2.APIGroupDiscovery and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "versions", &A[52], R)]),
    // 52: k8s.io/api/apidiscovery/v2.APIVersionDiscovery and 1 more
    plain(&[f(1, "version", Text, 0), m(2, "resources", &A[53], R), f(3, "freshness", Text, O)]),
    // 53: k8s.io/api/apidiscovery/v2.APIResourceDiscovery and 1 more
    plain(&[f(1, "resource", Text, 0), m(2, "responseKind", &A[2], P), f(3, "scope", Text, 0),
        f(4, "singularResource", Text, 0), f(5, "verbs", Text, R), f(6, "shortNames", Text, R),
        f(7, "categories", Text, R), m(8, "subresources", &A[54], R)]),
    // 54: k8s.io/api/apidiscovery/v2.APISubresourceDiscovery and 1 more
    plain(&[f(1, "subresource", Text, 0), m(2, "responseKind", &A[2], P), m(3, "acceptedTypes", &A[2], R),
        f(4, "verbs", Text, R)]),
    // 55: k8s.io/api/apidiscovery/v2.APIGroupDiscoveryList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[51], R)]),
    // 56: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.ConversionReview and 1 more
    object(&[m(1, "request", &A[57], P), m(2, "response", &A[58], P)]),
    // 57: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.ConversionRequest and 1 more
    plain(&[f(1, "uid", Text, 0), f(2, "desiredAPIVersion", Text, 0), f(3, "objects", Json, R)]),
    // 58: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.ConversionResponse and 1 more
    plain(&[f(1, "uid", Text, 0), f(2, "convertedObjects", Json, R), m(3, "result", &A[6], 0)]),
    // 59: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinition
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[60], 0), m(3, "status", &A[77], 0)]),
    // 60: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionSpec
    plain(&[f(1, "group", Text, 0), m(3, "names", &A[61], 0), f(4, "scope", Text, 0), m(7, "versions", &A[62], R),
        m(9, "conversion", &A[75], P), f(10, "preserveUnknownFields", Bool, O)]),
    // 61: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionNames and 1 more
    plain(&[f(1, "plural", Text, 0), f(2, "singular", Text, O), f(3, "shortNames", Text, R), f(4, "kind", Text, 0),
        f(5, "listKind", Text, O), f(6, "categories", Text, R)]),
    // 62: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionVersion
    plain(&[f(1, "name", Text, 0), f(2, "served", Bool, 0), f(3, "storage", Bool, 0), m(4, "schema", &A[63], P),
        m(5, "subresources", &A[70], P), m(6, "additionalPrinterColumns", &A[73], R), f(7, "deprecated", Bool, O),
        f(8, "deprecationWarning", Text, P), m(9, "selectableFields", &A[74], R)]),
    // 63: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceValidation and 1 more
    plain(&[m(1, "openAPIV3Schema", &A[64], P)]),
    // 64: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaProps and 1 more
    plain(&[f(1, "id", Text, O), f(2, "$schema", Text, O), f(3, "$ref", Text, P), f(4, "description", Text, O),
        f(5, "type", Text, O), f(6, "format", Text, O), f(7, "title", Text, O), f(8, "default", Json, P),
        f(9, "maximum", Float64, P), f(10, "exclusiveMaximum", Bool, O), f(11, "minimum", Float64, P),
        f(12, "exclusiveMinimum", Bool, O), f(13, "maxLength", Int64, P), f(14, "minLength", Int64, P),
        f(15, "pattern", Text, O), f(16, "maxItems", Int64, P), f(17, "minItems", Int64, P),
        f(18, "uniqueItems", Bool, O), f(19, "multipleOf", Float64, P), f(20, "enum", Json, R),
        f(21, "maxProperties", Int64, P), f(22, "minProperties", Int64, P), f(23, "required", Text, R),
        s(24, "items", OneOrMany, &A[65], P), m(25, "allOf", &A[64], R), m(26, "oneOf", &A[64], R),
        m(27, "anyOf", &A[64], R), m(28, "not", &A[64], P), m(29, "properties", &A[64], M),
        s(30, "additionalProperties", OneOrBool, &A[66], P), m(31, "patternProperties", &A[64], M),
        s(32, "dependencies", OneOrTexts, &A[67], M), s(33, "additionalItems", OneOrBool, &A[66], P),
        m(34, "definitions", &A[64], M), m(35, "externalDocs", &A[68], P), f(36, "example", Json, P),
        f(37, "nullable", Bool, O), f(38, "x-kubernetes-preserve-unknown-fields", Bool, P),
        f(39, "x-kubernetes-embedded-resource", Bool, O), f(40, "x-kubernetes-int-or-string", Bool, O),
        f(41, "x-kubernetes-list-map-keys", Text, R), f(42, "x-kubernetes-list-type", Text, P),
        f(43, "x-kubernetes-map-type", Text, P), m(44, "x-kubernetes-validations", &A[69], R)]),
    // 65: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray and 1 more
    plain(&[m(1, "schema", &A[64], P), m(2, "jSONSchemas", &A[64], R)]),
    // 66: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool and 1 more
    plain(&[f(1, "allows", Bool, 0), m(2, "schema", &A[64], P)]),
    // 67: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray and 1 more
    plain(&[m(1, "schema", &A[64], P), f(2, "property", Text, R)]),
    // 68: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.ExternalDocumentation and 1 more
    plain(&[f(1, "description", Text, O), f(2, "url", Text, O)]),
    // 69: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.ValidationRule and 1 more
    plain(&[f(1, "rule", Text, 0), f(2, "message", Text, O), f(3, "messageExpression", Text, O),
        f(4, "reason", Text, P), f(5, "fieldPath", Text, O), f(6, "optionalOldSelf", Bool, P)]),
    // 70: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceSubresources and 1 more
    plain(&[m(1, "status", &A[71], P), m(2, "scale", &A[72], P)]),
    // 71: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceSubresourceStatus and 17 more
    plain(&[]),
    // 72: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceSubresourceScale and 1 more
    plain(&[f(1, "specReplicasPath", Text, 0), f(2, "statusReplicasPath", Text, 0),
        f(3, "labelSelectorPath", Text, P)]),
    // 73: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceColumnDefinition
    plain(&[f(1, "name", Text, 0), f(2, "type", Text, 0), f(3, "format", Text, O), f(4, "description", Text, O),
        f(5, "priority", Int32, O), f(6, "jsonPath", Text, 0)]),
    // 74: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.SelectableField and 1 more
    plain(&[f(1, "jsonPath", Text, 0)]),
    // 75: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceConversion
    plain(&[f(1, "strategy", Text, 0), m(2, "webhook", &A[76], P)]),
    // 76: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.WebhookConversion
    plain(&[m(2, "clientConfig", &A[33], P), f(3, "conversionReviewVersions", Text, R)]),
    // 77: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionStatus and 1 more
    plain(&[m(1, "conditions", &A[78], R), m(2, "acceptedNames", &A[61], 0), f(3, "storedVersions", Text, R),
        f(4, "observedGeneration", Int64, O)]),
    // 78: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionCondition and 1 more
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(3, "lastTransitionTime", Time, 0),
        f(4, "reason", Text, O), f(5, "message", Text, O), f(6, "observedGeneration", Int64, O)]),
    // 79: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[59], R)]),
    // 80: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.CustomResourceDefinition
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[81], 0), m(3, "status", &A[77], 0)]),
    // 81: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.CustomResourceDefinitionSpec
    plain(&[f(1, "group", Text, 0), f(2, "version", Text, O), m(3, "names", &A[61], 0), f(4, "scope", Text, 0),
        m(5, "validation", &A[63], P), m(6, "subresources", &A[70], P), m(7, "versions", &A[82], R),
        m(8, "additionalPrinterColumns", &A[83], R), m(9, "conversion", &A[84], P),
        f(10, "preserveUnknownFields", Bool, P), m(11, "selectableFields", &A[74], R)]),
    // 82: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.CustomResourceDefinitionVersion
    plain(&[f(1, "name", Text, 0), f(2, "served", Bool, 0), f(3, "storage", Bool, 0), m(4, "schema", &A[63], P),
        m(5, "subresources", &A[70], P), m(6, "additionalPrinterColumns", &A[83], R), f(7, "deprecated", Bool, O),
        f(8, "deprecationWarning", Text, P), m(9, "selectableFields", &A[74], R)]),
    // 83: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.CustomResourceColumnDefinition
    plain(&[f(1, "name", Text, 0), f(2, "type", Text, 0), f(3, "format", Text, O), f(4, "description", Text, O),
        f(5, "priority", Int32, O), f(6, "JSONPath", Text, 0)]),
    // 84: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.CustomResourceConversion
    plain(&[f(1, "strategy", Text, 0), m(2, "webhookClientConfig", &A[33], P),
        f(3, "conversionReviewVersions", Text, R)]),
    // 85: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.CustomResourceDefinitionList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[80], R)]),
    // 86: k8s.io/kube-aggregator/pkg/apis/apiregistration/v1.APIService and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[87], 0), m(3, "status", &A[89], 0)]),
    // 87: k8s.io/kube-aggregator/pkg/apis/apiregistration/v1.APIServiceSpec and 1 more
    plain(&[m(1, "service", &A[88], P), f(2, "group", Text, O), f(3, "version", Text, O),
        f(4, "insecureSkipTLSVerify", Bool, O), f(5, "caBundle", Bytes, O), f(7, "groupPriorityMinimum", Int32, 0),
        f(8, "versionPriority", Int32, 0)]),
    // 88: k8s.io/kube-aggregator/pkg/apis/apiregistration/v1.ServiceReference and 1 more
    plain(&[f(1, "namespace", Text, O), f(2, "name", Text, O), f(3, "port", Int32, P)]),
    // 89: k8s.io/kube-aggregator/pkg/apis/apiregistration/v1.APIServiceStatus and 1 more
    plain(&[m(1, "conditions", &A[90], R)]),
    // 90: k8s.io/kube-aggregator/pkg/apis/apiregistration/v1.APIServiceCondition and 11 more
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(3, "lastTransitionTime", Time, 0),
        f(4, "reason", Text, O), f(5, "message", Text, O)]),
    // 91: k8s.io/kube-aggregator/pkg/apis/apiregistration/v1.APIServiceList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[86], R)]),
    // 92: k8s.io/api/apps/v1.ControllerRevision and 2 more
    object(&[m(1, "metadata", &A[12], 0), f(2, "data", Json, 0), f(3, "revision", Int64, 0)]),
    // 93: k8s.io/api/apps/v1.ControllerRevisionList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[92], R)]),
    // 94: k8s.io/api/apps/v1.DaemonSet and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[95], 0), m(3, "status", &A[198], 0)]),
    // 95: k8s.io/api/apps/v1.DaemonSetSpec and 1 more
    plain(&[m(1, "selector", &A[18], P), m(2, "template", &A[96], 0), m(3, "updateStrategy", &A[196], 0),
        f(4, "minReadySeconds", Int32, O), f(6, "revisionHistoryLimit", Int32, P)]),
    // 96: k8s.io/api/core/v1.PodTemplateSpec
    plain(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[97], 0)]),
    // 97: k8s.io/api/core/v1.PodSpec
    plain(&[m(1, "volumes", &A[98], R), m(2, "containers", &A[146], R), f(3, "restartPolicy", Text, O),
        f(4, "terminationGracePeriodSeconds", Int64, P), f(5, "activeDeadlineSeconds", Int64, P),
        f(6, "dnsPolicy", Text, O), f(7, "nodeSelector", Text, M), f(8, "serviceAccountName", Text, O),
        f(9, "serviceAccount", Text, O), f(10, "nodeName", Text, O), f(11, "hostNetwork", Bool, O),
        f(12, "hostPID", Bool, O), f(13, "hostIPC", Bool, O), m(14, "securityContext", &A[177], P),
        m(15, "imagePullSecrets", &A[109], R), f(16, "hostname", Text, O), f(17, "subdomain", Text, O),
        m(18, "affinity", &A[178], P), f(19, "schedulerName", Text, O), m(20, "initContainers", &A[146], R),
        f(21, "automountServiceAccountToken", Bool, P), m(22, "tolerations", &A[186], R),
        m(23, "hostAliases", &A[187], R), f(24, "priorityClassName", Text, O), f(25, "priority", Int32, P),
        m(26, "dnsConfig", &A[188], P), f(27, "shareProcessNamespace", Bool, P), m(28, "readinessGates", &A[190], R),
        f(29, "runtimeClassName", Text, P), f(30, "enableServiceLinks", Bool, P), f(31, "preemptionPolicy", Text, P),
        f(32, "overhead", Quantity, M), m(33, "topologySpreadConstraints", &A[191], R),
        m(34, "ephemeralContainers", &A[176], R), f(35, "setHostnameAsFQDN", Bool, P), m(36, "os", &A[192], P),
        f(37, "hostUsers", Bool, P), m(38, "schedulingGates", &A[192], R), m(39, "resourceClaims", &A[193], R),
        m(40, "resources", &A[154], P), f(41, "hostnameOverride", Text, P), m(43, "schedulingGroup", &A[194], P),
        m(44, "evictionResponders", &A[195], R)]),
    // 98: k8s.io/api/core/v1.Volume
    plain(&[f(1, "name", Text, 0), m(2, "", &A[99], I)]),
    // 99: k8s.io/api/core/v1.VolumeSource
    plain(&[m(1, "hostPath", &A[100], P), m(2, "emptyDir", &A[101], P), m(3, "gcePersistentDisk", &A[102], P),
        m(4, "awsElasticBlockStore", &A[103], P), m(5, "gitRepo", &A[104], P), m(6, "secret", &A[105], P),
        m(7, "nfs", &A[107], P), m(8, "iscsi", &A[108], P), m(9, "glusterfs", &A[110], P),
        m(10, "persistentVolumeClaim", &A[111], P), m(11, "rbd", &A[112], P), m(12, "flexVolume", &A[113], P),
        m(13, "cinder", &A[114], P), m(14, "cephfs", &A[115], P), m(15, "flocker", &A[116], P),
        m(16, "downwardAPI", &A[117], P), m(17, "fc", &A[121], P), m(18, "azureFile", &A[122], P),
        m(19, "configMap", &A[123], P), m(20, "vsphereVolume", &A[124], P), m(21, "quobyte", &A[125], P),
        m(22, "azureDisk", &A[126], P), m(23, "photonPersistentDisk", &A[127], P), m(24, "portworxVolume", &A[135], P),
        m(25, "scaleIO", &A[136], P), m(26, "projected", &A[128], P), m(27, "storageos", &A[137], P),
        m(28, "csi", &A[138], P), m(29, "ephemeral", &A[139], P), m(30, "image", &A[145], P)]),
    // 100: k8s.io/api/core/v1.HostPathVolumeSource
    plain(&[f(1, "path", Text, 0), f(2, "type", Text, P)]),
    // 101: k8s.io/api/core/v1.EmptyDirVolumeSource
    plain(&[f(1, "medium", Text, O), f(2, "sizeLimit", Quantity, P), f(3, "mode", Int32, P)]),
    // 102: k8s.io/api/core/v1.GCEPersistentDiskVolumeSource
    plain(&[f(1, "pdName", Text, 0), f(2, "fsType", Text, O), f(3, "partition", Int32, O), f(4, "readOnly", Bool, O)]),
    // 103: k8s.io/api/core/v1.AWSElasticBlockStoreVolumeSource
    plain(&[f(1, "volumeID", Text, 0), f(2, "fsType", Text, O), f(3, "partition", Int32, O),
        f(4, "readOnly", Bool, O)]),
    // 104: k8s.io/api/core/v1.GitRepoVolumeSource
    plain(&[f(1, "repository", Text, 0), f(2, "revision", Text, O), f(3, "directory", Text, O)]),
    // 105: k8s.io/api/core/v1.SecretVolumeSource
    plain(&[f(1, "secretName", Text, O), m(2, "items", &A[106], R), f(3, "defaultMode", Int32, P),
        f(4, "optional", Bool, P), f(5, "defaultUser", Int64, P)]),
    // 106: k8s.io/api/core/v1.KeyToPath
    plain(&[f(1, "key", Text, 0), f(2, "path", Text, 0), f(3, "mode", Int32, P), f(4, "user", Int64, P)]),
    // 107: k8s.io/api/core/v1.NFSVolumeSource
    plain(&[f(1, "server", Text, 0), f(2, "path", Text, 0), f(3, "readOnly", Bool, O)]),
    // 108: k8s.io/api/core/v1.ISCSIVolumeSource
    plain(&[f(1, "targetPortal", Text, 0), f(2, "iqn", Text, 0), f(3, "lun", Int32, 0),
        f(4, "iscsiInterface", Text, O), f(5, "fsType", Text, O), f(6, "readOnly", Bool, O), f(7, "portals", Text, R),
        f(8, "chapAuthDiscovery", Bool, O), m(10, "secretRef", &A[109], P), f(11, "chapAuthSession", Bool, O),
        f(12, "initiatorName", Text, P)]),
    // 109: k8s.io/api/core/v1.LocalObjectReference
    plain(&[f(1, "name", Text, O)]),
    // 110: k8s.io/api/core/v1.GlusterfsVolumeSource
    plain(&[f(1, "endpoints", Text, 0), f(2, "path", Text, 0), f(3, "readOnly", Bool, O)]),
    // 111: k8s.io/api/core/v1.PersistentVolumeClaimVolumeSource
    plain(&[f(1, "claimName", Text, 0), f(2, "readOnly", Bool, O)]),
    // 112: k8s.io/api/core/v1.RBDVolumeSource
    plain(&[f(1, "monitors", Text, R), f(2, "image", Text, 0), f(3, "fsType", Text, O), f(4, "pool", Text, O),
        f(5, "user", Text, O), f(6, "keyring", Text, O), m(7, "secretRef", &A[109], P), f(8, "readOnly", Bool, O)]),
    // 113: k8s.io/api/core/v1.FlexVolumeSource
    plain(&[f(1, "driver", Text, 0), f(2, "fsType", Text, O), m(3, "secretRef", &A[109], P), f(4, "readOnly", Bool, O),
        f(5, "options", Text, M)]),
    // 114: k8s.io/api/core/v1.CinderVolumeSource
    plain(&[f(1, "volumeID", Text, 0), f(2, "fsType", Text, O), f(3, "readOnly", Bool, O),
        m(4, "secretRef", &A[109], P)]),
    // 115: k8s.io/api/core/v1.CephFSVolumeSource
    plain(&[f(1, "monitors", Text, R), f(2, "path", Text, O), f(3, "user", Text, O), f(4, "secretFile", Text, O),
        m(5, "secretRef", &A[109], P), f(6, "readOnly", Bool, O)]),
    // 116: k8s.io/api/core/v1.FlockerVolumeSource
    plain(&[f(1, "datasetName", Text, O), f(2, "datasetUUID", Text, O)]),
    // 117: k8s.io/api/core/v1.DownwardAPIVolumeSource
    plain(&[m(1, "items", &A[118], R), f(2, "defaultMode", Int32, P), f(3, "defaultUser", Int64, P)]),
    // 118: k8s.io/api/core/v1.DownwardAPIVolumeFile
    plain(&[f(1, "path", Text, 0), m(2, "fieldRef", &A[119], P), m(3, "resourceFieldRef", &A[120], P),
        f(4, "mode", Int32, P), f(5, "user", Int64, P)]),
    // 119: k8s.io/api/core/v1.ObjectFieldSelector
    plain(&[f(1, "apiVersion", Text, O), f(2, "fieldPath", Text, 0)]),
    // 120: k8s.io/api/core/v1.ResourceFieldSelector
    plain(&[f(1, "containerName", Text, O), f(2, "resource", Text, 0), f(3, "divisor", Quantity, 0)]),
    // 121: k8s.io/api/core/v1.FCVolumeSource
    plain(&[f(1, "targetWWNs", Text, R), f(2, "lun", Int32, P), f(3, "fsType", Text, O), f(4, "readOnly", Bool, O),
        f(5, "wwids", Text, R)]),
    // 122: k8s.io/api/core/v1.AzureFileVolumeSource
    plain(&[f(1, "secretName", Text, 0), f(2, "shareName", Text, 0), f(3, "readOnly", Bool, O)]),
    // 123: k8s.io/api/core/v1.ConfigMapVolumeSource
    plain(&[m(1, "", &A[109], I), m(2, "items", &A[106], R), f(3, "defaultMode", Int32, P), f(4, "optional", Bool, P),
        f(5, "defaultUser", Int64, P)]),
    // 124: k8s.io/api/core/v1.VsphereVirtualDiskVolumeSource
    plain(&[f(1, "volumePath", Text, 0), f(2, "fsType", Text, O), f(3, "storagePolicyName", Text, O),
        f(4, "storagePolicyID", Text, O)]),
    // 125: k8s.io/api/core/v1.QuobyteVolumeSource
    plain(&[f(1, "registry", Text, 0), f(2, "volume", Text, 0), f(3, "readOnly", Bool, O), f(4, "user", Text, O),
        f(5, "group", Text, O), f(6, "tenant", Text, O)]),
    // 126: k8s.io/api/core/v1.AzureDiskVolumeSource
    plain(&[f(1, "diskName", Text, 0), f(2, "diskURI", Text, 0), f(3, "cachingMode", Text, P), f(4, "fsType", Text, P),
        f(5, "readOnly", Bool, P), f(6, "kind", Text, P)]),
    // 127: k8s.io/api/core/v1.PhotonPersistentDiskVolumeSource
    plain(&[f(1, "pdID", Text, 0), f(2, "fsType", Text, O)]),
    // 128: k8s.io/api/core/v1.ProjectedVolumeSource
    plain(&[m(1, "sources", &A[129], R), f(2, "defaultMode", Int32, P), f(3, "defaultUser", Int64, P)]),
    // 129: k8s.io/api/core/v1.VolumeProjection
    plain(&[m(1, "secret", &A[130], P), m(2, "downwardAPI", &A[131], P), m(3, "configMap", &A[130], P),
        m(4, "serviceAccountToken", &A[132], P), m(5, "clusterTrustBundle", &A[133], P),
        m(6, "podCertificate", &A[134], P)]),
    // 130: k8s.io/api/core/v1.SecretProjection and 1 more
    plain(&[m(1, "", &A[109], I), m(2, "items", &A[106], R), f(4, "optional", Bool, P)]),
    // 131: k8s.io/api/core/v1.DownwardAPIProjection
    plain(&[m(1, "items", &A[118], R)]),
    // 132: k8s.io/api/core/v1.ServiceAccountTokenProjection
    plain(&[f(1, "audience", Text, O), f(2, "expirationSeconds", Int64, P), f(3, "path", Text, 0),
        f(4, "user", Int64, P)]),
    // 133: k8s.io/api/core/v1.ClusterTrustBundleProjection
    plain(&[f(1, "name", Text, P), f(2, "signerName", Text, P), m(3, "labelSelector", &A[18], P),
        f(4, "path", Text, 0), f(5, "optional", Bool, P), f(6, "user", Int64, P)]),
    // 134: k8s.io/api/core/v1.PodCertificateProjection
    plain(&[f(1, "signerName", Text, O), f(2, "keyType", Text, O), f(3, "maxExpirationSeconds", Int32, P),
        f(4, "credentialBundlePath", Text, O), f(5, "keyPath", Text, O), f(6, "certificateChainPath", Text, O),
        f(7, "userAnnotations", Text, M), f(8, "user", Int64, P)]),
    // 135: k8s.io/api/core/v1.PortworxVolumeSource
    plain(&[f(1, "volumeID", Text, 0), f(2, "fsType", Text, O), f(3, "readOnly", Bool, O)]),
    // 136: k8s.io/api/core/v1.ScaleIOVolumeSource
    plain(&[f(1, "gateway", Text, 0), f(2, "system", Text, 0), m(3, "secretRef", &A[109], P),
        f(4, "sslEnabled", Bool, O), f(5, "protectionDomain", Text, O), f(6, "storagePool", Text, O),
        f(7, "storageMode", Text, O), f(8, "volumeName", Text, O), f(9, "fsType", Text, O),
        f(10, "readOnly", Bool, O)]),
    // 137: k8s.io/api/core/v1.StorageOSVolumeSource
    plain(&[f(1, "volumeName", Text, O), f(2, "volumeNamespace", Text, O), f(3, "fsType", Text, O),
        f(4, "readOnly", Bool, O), m(5, "secretRef", &A[109], P)]),
    // 138: k8s.io/api/core/v1.CSIVolumeSource
    plain(&[f(1, "driver", Text, 0), f(2, "readOnly", Bool, P), f(3, "fsType", Text, P),
        f(4, "volumeAttributes", Text, M), m(5, "nodePublishSecretRef", &A[109], P)]),
    // 139: k8s.io/api/core/v1.EphemeralVolumeSource
    plain(&[m(1, "volumeClaimTemplate", &A[140], P)]),
    // 140: k8s.io/api/core/v1.PersistentVolumeClaimTemplate
    plain(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[141], 0)]),
    // 141: k8s.io/api/core/v1.PersistentVolumeClaimSpec
    plain(&[f(1, "accessModes", Text, R), m(2, "resources", &A[142], 0), f(3, "volumeName", Text, O),
        m(4, "selector", &A[18], P), f(5, "storageClassName", Text, P), f(6, "volumeMode", Text, P),
        m(7, "dataSource", &A[143], P), m(8, "dataSourceRef", &A[144], P), f(9, "volumeAttributesClassName", Text, P)]),
    // 142: k8s.io/api/core/v1.VolumeResourceRequirements
    plain(&[f(1, "limits", Quantity, M), f(2, "requests", Quantity, M)]),
    // 143: k8s.io/api/core/v1.TypedLocalObjectReference
    plain(&[f(1, "apiGroup", Text, P), f(2, "kind", Text, 0), f(3, "name", Text, 0)]),
    // 144: k8s.io/api/core/v1.TypedObjectReference
    plain(&[f(1, "apiGroup", Text, P), f(2, "kind", Text, 0), f(3, "name", Text, 0), f(4, "namespace", Text, P)]),
    // 145: k8s.io/api/core/v1.ImageVolumeSource
    plain(&[f(1, "reference", Text, O), f(2, "pullPolicy", Text, O)]),
    // 146: k8s.io/api/core/v1.Container and 1 more
    plain(&[f(1, "name", Text, 0), f(2, "image", Text, O), f(3, "command", Text, R), f(4, "args", Text, R),
        f(5, "workingDir", Text, O), m(6, "ports", &A[147], R), m(7, "env", &A[150], R), m(8, "resources", &A[154], 0),
        m(9, "volumeMounts", &A[159], R), m(10, "livenessProbe", &A[161], P), m(11, "readinessProbe", &A[161], P),
        m(12, "lifecycle", &A[168], P), f(13, "terminationMessagePath", Text, O), f(14, "imagePullPolicy", Text, O),
        m(15, "securityContext", &A[171], P), f(16, "stdin", Bool, O), f(17, "stdinOnce", Bool, O),
        f(18, "tty", Bool, O), m(19, "envFrom", &A[148], R), f(20, "terminationMessagePolicy", Text, O),
        m(21, "volumeDevices", &A[160], R), m(22, "startupProbe", &A[161], P), m(23, "resizePolicy", &A[156], R),
        f(24, "restartPolicy", Text, P), m(25, "restartPolicyRules", &A[157], R)]),
    // 147: k8s.io/api/core/v1.ContainerPort
    plain(&[f(1, "name", Text, O), f(2, "hostPort", Int32, O), f(3, "containerPort", Int32, 0),
        f(4, "protocol", Text, O), f(5, "hostIP", Text, O)]),
    // 148: k8s.io/api/core/v1.EnvFromSource
    plain(&[f(1, "prefix", Text, O), m(2, "configMapRef", &A[149], P), m(3, "secretRef", &A[149], P)]),
    // 149: k8s.io/api/core/v1.ConfigMapEnvSource and 1 more
    plain(&[m(1, "", &A[109], I), f(2, "optional", Bool, P)]),
    // 150: k8s.io/api/core/v1.EnvVar
    plain(&[f(1, "name", Text, 0), f(2, "value", Text, O), m(3, "valueFrom", &A[151], P)]),
    // 151: k8s.io/api/core/v1.EnvVarSource
    plain(&[m(1, "fieldRef", &A[119], P), m(2, "resourceFieldRef", &A[120], P), m(3, "configMapKeyRef", &A[152], P),
        m(4, "secretKeyRef", &A[152], P), m(5, "fileKeyRef", &A[153], P)]),
    // 152: k8s.io/api/core/v1.ConfigMapKeySelector and 1 more
    plain(&[m(1, "", &A[109], I), f(2, "key", Text, 0), f(3, "optional", Bool, P)]),
    // 153: k8s.io/api/core/v1.FileKeySelector
    plain(&[f(1, "volumeName", Text, 0), f(2, "path", Text, 0), f(3, "key", Text, 0), f(4, "optional", Bool, P)]),
    // 154: k8s.io/api/core/v1.ResourceRequirements
    plain(&[f(1, "limits", Quantity, M), f(2, "requests", Quantity, M), m(3, "claims", &A[155], R)]),
    // 155: k8s.io/api/core/v1.ResourceClaim
    plain(&[f(1, "name", Text, 0), f(2, "request", Text, O)]),
    // 156: k8s.io/api/core/v1.ContainerResizePolicy
    plain(&[f(1, "resourceName", Text, 0), f(2, "restartPolicy", Text, 0)]),
    // 157: k8s.io/api/core/v1.ContainerRestartRule
    plain(&[f(1, "action", Text, O), m(2, "exitCodes", &A[158], P)]),
    // 158: k8s.io/api/core/v1.ContainerRestartRuleOnExitCodes
    plain(&[f(1, "operator", Text, O), f(2, "values", Int32, R)]),
    // 159: k8s.io/api/core/v1.VolumeMount
    plain(&[f(1, "name", Text, 0), f(2, "readOnly", Bool, O), f(3, "mountPath", Text, 0), f(4, "subPath", Text, O),
        f(5, "mountPropagation", Text, P), f(6, "subPathExpr", Text, O), f(7, "recursiveReadOnly", Text, P),
        f(8, "bindMountOptions", Text, R)]),
    // 160: k8s.io/api/core/v1.VolumeDevice and 1 more
    plain(&[f(1, "name", Text, 0), f(2, "devicePath", Text, 0)]),
    // 161: k8s.io/api/core/v1.Probe
    plain(&[m(1, "", &A[162], I), f(2, "initialDelaySeconds", Int32, O), f(3, "timeoutSeconds", Int32, O),
        f(4, "periodSeconds", Int32, O), f(5, "successThreshold", Int32, O), f(6, "failureThreshold", Int32, O),
        f(7, "terminationGracePeriodSeconds", Int64, P)]),
    // 162: k8s.io/api/core/v1.ProbeHandler
    plain(&[m(1, "exec", &A[163], P), m(2, "httpGet", &A[164], P), m(3, "tcpSocket", &A[166], P),
        m(4, "grpc", &A[167], P)]),
    // 163: k8s.io/api/core/v1.ExecAction
    plain(&[f(1, "command", Text, R)]),
    // 164: k8s.io/api/core/v1.HTTPGetAction
    plain(&[f(1, "path", Text, O), f(2, "port", IntOrString, 0), f(3, "host", Text, O), f(4, "scheme", Text, O),
        m(5, "httpHeaders", &A[165], R), f(6, "protocol", Text, P)]),
    // 165: k8s.io/api/core/v1.HTTPHeader and 1 more
    plain(&[f(1, "name", Text, 0), f(2, "value", Text, 0)]),
    // 166: k8s.io/api/core/v1.TCPSocketAction
    plain(&[f(1, "port", IntOrString, 0), f(2, "host", Text, O)]),
    // 167: k8s.io/api/core/v1.GRPCAction
    plain(&[f(1, "port", Int32, 0), f(2, "service", Text, P), f(3, "mode", Text, P)]),
    // 168: k8s.io/api/core/v1.Lifecycle
    plain(&[m(1, "postStart", &A[169], P), m(2, "preStop", &A[169], P), f(3, "stopSignal", Text, P)]),
    // 169: k8s.io/api/core/v1.LifecycleHandler
    plain(&[m(1, "exec", &A[163], P), m(2, "httpGet", &A[164], P), m(3, "tcpSocket", &A[166], P),
        m(4, "sleep", &A[170], P)]),
    // 170: k8s.io/api/core/v1.SleepAction
    plain(&[f(1, "seconds", Int64, 0)]),
    // 171: k8s.io/api/core/v1.SecurityContext
    plain(&[m(1, "capabilities", &A[172], P), f(2, "privileged", Bool, P), m(3, "seLinuxOptions", &A[173], P),
        f(4, "runAsUser", Int64, P), f(5, "runAsNonRoot", Bool, P), f(6, "readOnlyRootFilesystem", Bool, P),
        f(7, "allowPrivilegeEscalation", Bool, P), f(8, "runAsGroup", Int64, P), f(9, "procMount", Text, P),
        m(10, "windowsOptions", &A[174], P), m(11, "seccompProfile", &A[175], P),
        m(12, "appArmorProfile", &A[175], P)]),
    // 172: k8s.io/api/core/v1.Capabilities
    plain(&[f(1, "add", Text, R), f(2, "drop", Text, R)]),
    // 173: k8s.io/api/core/v1.SELinuxOptions
    plain(&[f(1, "user", Text, O), f(2, "role", Text, O), f(3, "type", Text, O), f(4, "level", Text, O)]),
    // 174: k8s.io/api/core/v1.WindowsSecurityContextOptions
    plain(&[f(1, "gmsaCredentialSpecName", Text, P), f(2, "gmsaCredentialSpec", Text, P),
        f(3, "runAsUserName", Text, P), f(4, "hostProcess", Bool, P)]),
    // 175: k8s.io/api/core/v1.SeccompProfile and 1 more
    plain(&[f(1, "type", Text, 0), f(2, "localhostProfile", Text, P)]),
    // 176: k8s.io/api/core/v1.EphemeralContainer
    plain(&[m(1, "", &A[146], I), f(2, "targetContainerName", Text, O)]),
    // 177: k8s.io/api/core/v1.PodSecurityContext
    plain(&[m(1, "seLinuxOptions", &A[173], P), f(2, "runAsUser", Int64, P), f(3, "runAsNonRoot", Bool, P),
        f(4, "supplementalGroups", Int64, R), f(5, "fsGroup", Int64, P), f(6, "runAsGroup", Int64, P),
        m(7, "sysctls", &A[165], R), m(8, "windowsOptions", &A[174], P), f(9, "fsGroupChangePolicy", Text, P),
        m(10, "seccompProfile", &A[175], P), m(11, "appArmorProfile", &A[175], P),
        f(12, "supplementalGroupsPolicy", Text, P), f(13, "seLinuxChangePolicy", Text, P)]),
    // 178: k8s.io/api/core/v1.Affinity
    plain(&[m(1, "nodeAffinity", &A[179], P), m(2, "podAffinity", &A[183], P), m(3, "podAntiAffinity", &A[183], P)]),
    // 179: k8s.io/api/core/v1.NodeAffinity
    plain(&[m(1, "requiredDuringSchedulingIgnoredDuringExecution", &A[180], P),
        m(2, "preferredDuringSchedulingIgnoredDuringExecution", &A[182], R)]),
    // 180: k8s.io/api/core/v1.NodeSelector
    plain(&[m(1, "nodeSelectorTerms", &A[181], R)]),
    // 181: k8s.io/api/core/v1.NodeSelectorTerm
    plain(&[m(1, "matchExpressions", &A[19], R), m(2, "matchFields", &A[19], R)]),
    // 182: k8s.io/api/core/v1.PreferredSchedulingTerm
    plain(&[f(1, "weight", Int32, 0), m(2, "preference", &A[181], 0)]),
    // 183: k8s.io/api/core/v1.PodAffinity and 1 more
    plain(&[m(1, "requiredDuringSchedulingIgnoredDuringExecution", &A[184], R),
        m(2, "preferredDuringSchedulingIgnoredDuringExecution", &A[185], R)]),
    // 184: k8s.io/api/core/v1.PodAffinityTerm
    plain(&[m(1, "labelSelector", &A[18], P), f(2, "namespaces", Text, R), f(3, "topologyKey", Text, 0),
        m(4, "namespaceSelector", &A[18], P), f(5, "matchLabelKeys", Text, R), f(6, "mismatchLabelKeys", Text, R)]),
    // 185: k8s.io/api/core/v1.WeightedPodAffinityTerm
    plain(&[f(1, "weight", Int32, 0), m(2, "podAffinityTerm", &A[184], 0)]),
    // 186: k8s.io/api/core/v1.Toleration and 3 more
    plain(&[f(1, "key", Text, O), f(2, "operator", Text, O), f(3, "value", Text, O), f(4, "effect", Text, O),
        f(5, "tolerationSeconds", Int64, P)]),
    // 187: k8s.io/api/core/v1.HostAlias
    plain(&[f(1, "ip", Text, 0), f(2, "hostnames", Text, R)]),
    // 188: k8s.io/api/core/v1.PodDNSConfig
    plain(&[f(1, "nameservers", Text, R), f(2, "searches", Text, R), m(3, "options", &A[189], R)]),
    // 189: k8s.io/api/core/v1.PodDNSConfigOption
    plain(&[f(1, "name", Text, O), f(2, "value", Text, P)]),
    // 190: k8s.io/api/core/v1.PodReadinessGate
    plain(&[f(1, "conditionType", Text, 0)]),
    // 191: k8s.io/api/core/v1.TopologySpreadConstraint
    plain(&[f(1, "maxSkew", Int32, 0), f(2, "topologyKey", Text, 0), f(3, "whenUnsatisfiable", Text, 0),
        m(4, "labelSelector", &A[18], P), f(5, "minDomains", Int32, P), f(6, "nodeAffinityPolicy", Text, P),
        f(7, "nodeTaintsPolicy", Text, P), f(8, "matchLabelKeys", Text, R)]),
    // 192: k8s.io/api/core/v1.PodOS and 17 more
    plain(&[f(1, "name", Text, 0)]),
    // 193: k8s.io/api/core/v1.PodResourceClaim
    plain(&[f(1, "name", Text, 0), f(3, "resourceClaimName", Text, P), f(4, "resourceClaimTemplateName", Text, P)]),
    // 194: k8s.io/api/core/v1.PodSchedulingGroup
    plain(&[f(1, "podGroupName", Text, P)]),
    // 195: k8s.io/api/core/v1.EvictionResponder
    plain(&[f(1, "name", Text, 0), f(2, "priority", Int32, P)]),
    // 196: k8s.io/api/apps/v1.DaemonSetUpdateStrategy and 6 more
    plain(&[f(1, "type", Text, O), m(2, "rollingUpdate", &A[197], P)]),
    // 197: k8s.io/api/apps/v1.RollingUpdateDaemonSet and 6 more
    plain(&[f(1, "maxUnavailable", IntOrString, P), f(2, "maxSurge", IntOrString, P)]),
    // 198: k8s.io/api/apps/v1.DaemonSetStatus and 2 more
    plain(&[f(1, "currentNumberScheduled", Int32, 0), f(2, "numberMisscheduled", Int32, 0),
        f(3, "desiredNumberScheduled", Int32, 0), f(4, "numberReady", Int32, 0), f(5, "observedGeneration", Int64, O),
        f(6, "updatedNumberScheduled", Int32, O), f(7, "numberAvailable", Int32, O),
        f(8, "numberUnavailable", Int32, O), f(9, "collisionCount", Int32, P), m(10, "conditions", &A[90], R)]),
    // 199: k8s.io/api/apps/v1.DaemonSetList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[94], R)]),
    // 200: k8s.io/api/apps/v1.Deployment and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[201], 0), m(3, "status", &A[202], 0)]),
    // 201: k8s.io/api/apps/v1.DeploymentSpec and 1 more
    plain(&[f(1, "replicas", Int32, P), m(2, "selector", &A[18], P), m(3, "template", &A[96], 0),
        m(4, "strategy", &A[196], 0), f(5, "minReadySeconds", Int32, O), f(6, "revisionHistoryLimit", Int32, P),
        f(7, "paused", Bool, O), f(9, "progressDeadlineSeconds", Int32, P)]),
    // 202: k8s.io/api/apps/v1.DeploymentStatus and 3 more
    plain(&[f(1, "observedGeneration", Int64, O), f(2, "replicas", Int32, O), f(3, "updatedReplicas", Int32, O),
        f(4, "availableReplicas", Int32, O), f(5, "unavailableReplicas", Int32, O), m(6, "conditions", &A[203], R),
        f(7, "readyReplicas", Int32, O), f(8, "collisionCount", Int32, P), f(9, "terminatingReplicas", Int32, P)]),
    // 203: k8s.io/api/apps/v1.DeploymentCondition and 3 more
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(4, "reason", Text, O), f(5, "message", Text, O),
        f(6, "lastUpdateTime", Time, 0), f(7, "lastTransitionTime", Time, 0)]),
    // 204: k8s.io/api/apps/v1.DeploymentList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[200], R)]),
    // 205: k8s.io/api/apps/v1.ReplicaSet and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[206], 0), m(3, "status", &A[207], 0)]),
    // 206: k8s.io/api/apps/v1.ReplicaSetSpec and 2 more
    plain(&[f(1, "replicas", Int32, P), m(2, "selector", &A[18], P), m(3, "template", &A[96], 0),
        f(4, "minReadySeconds", Int32, O)]),
    // 207: k8s.io/api/apps/v1.ReplicaSetStatus and 2 more
    plain(&[f(1, "replicas", Int32, 0), f(2, "fullyLabeledReplicas", Int32, O), f(3, "observedGeneration", Int64, O),
        f(4, "readyReplicas", Int32, O), f(5, "availableReplicas", Int32, O), m(6, "conditions", &A[90], R),
        f(7, "terminatingReplicas", Int32, P)]),
    // 208: k8s.io/api/apps/v1.ReplicaSetList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[205], R)]),
    // 209: k8s.io/api/apps/v1.StatefulSet and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[210], 0), m(3, "status", &A[221], 0)]),
    // 210: k8s.io/api/apps/v1.StatefulSetSpec and 2 more
    plain(&[f(1, "replicas", Int32, P), m(2, "selector", &A[18], P), m(3, "template", &A[96], 0),
        m(4, "volumeClaimTemplates", &A[211], R), f(5, "serviceName", Text, 0), f(6, "podManagementPolicy", Text, O),
        m(7, "updateStrategy", &A[217], 0), f(8, "revisionHistoryLimit", Int32, P), f(9, "minReadySeconds", Int32, O),
        m(10, "persistentVolumeClaimRetentionPolicy", &A[219], P), m(11, "ordinals", &A[220], P)]),
    // 211: k8s.io/api/core/v1.PersistentVolumeClaim
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[141], 0), m(3, "status", &A[212], 0)]),
    // 212: k8s.io/api/core/v1.PersistentVolumeClaimStatus
    plain(&[f(1, "phase", Text, O), f(2, "accessModes", Text, R), f(3, "capacity", Quantity, M),
        m(4, "conditions", &A[213], R), f(5, "allocatedResources", Quantity, M),
        f(7, "allocatedResourceStatuses", Text, M), f(8, "currentVolumeAttributesClassName", Text, P),
        m(9, "modifyVolumeStatus", &A[214], P), m(10, "healthStatus", &A[215], P)]),
    // 213: k8s.io/api/core/v1.PersistentVolumeClaimCondition and 1 more
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(3, "lastProbeTime", Time, 0),
        f(4, "lastTransitionTime", Time, 0), f(5, "reason", Text, O), f(6, "message", Text, O)]),
    // 214: k8s.io/api/core/v1.ModifyVolumeStatus
    plain(&[f(1, "targetVolumeAttributesClassName", Text, O), f(2, "status", Text, 0)]),
    // 215: k8s.io/api/core/v1.VolumeHealthStatus
    plain(&[m(1, "healthConditions", &A[216], R), f(2, "lastTransitionTime", Time, 0)]),
    // 216: k8s.io/api/core/v1.VolumeHealthCondition
    plain(&[f(1, "status", Text, 0), f(2, "reason", Text, 0), f(3, "message", Text, O)]),
    // 217: k8s.io/api/apps/v1.StatefulSetUpdateStrategy and 2 more
    plain(&[f(1, "type", Text, O), m(2, "rollingUpdate", &A[218], P)]),
    // 218: k8s.io/api/apps/v1.RollingUpdateStatefulSetStrategy and 2 more
    plain(&[f(1, "partition", Int32, P), f(2, "maxUnavailable", IntOrString, P)]),
    // 219: k8s.io/api/apps/v1.StatefulSetPersistentVolumeClaimRetentionPolicy and 2 more
    plain(&[f(1, "whenDeleted", Text, O), f(2, "whenScaled", Text, O)]),
    // 220: k8s.io/api/apps/v1.StatefulSetOrdinals and 2 more
    plain(&[f(1, "start", Int32, 0)]),
    // 221: k8s.io/api/apps/v1.StatefulSetStatus and 1 more
    plain(&[f(1, "observedGeneration", Int64, O), f(2, "replicas", Int32, 0), f(3, "readyReplicas", Int32, O),
        f(4, "currentReplicas", Int32, O), f(5, "updatedReplicas", Int32, O), f(6, "currentRevision", Text, O),
        f(7, "updateRevision", Text, O), f(9, "collisionCount", Int32, P), m(10, "conditions", &A[90], R),
        f(11, "availableReplicas", Int32, 0)]),
    // 222: k8s.io/api/apps/v1.StatefulSetList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[209], R)]),
    // 223: k8s.io/api/apps/v1beta1.Deployment and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[224], 0), m(3, "status", &A[202], 0)]),
    // 224: k8s.io/api/apps/v1beta1.DeploymentSpec and 1 more
    plain(&[f(1, "replicas", Int32, P), m(2, "selector", &A[18], P), m(3, "template", &A[96], 0),
        m(4, "strategy", &A[196], 0), f(5, "minReadySeconds", Int32, O), f(6, "revisionHistoryLimit", Int32, P),
        f(7, "paused", Bool, O), m(8, "rollbackTo", &A[225], P), f(9, "progressDeadlineSeconds", Int32, P)]),
    // 225: k8s.io/api/apps/v1beta1.RollbackConfig and 1 more
    plain(&[f(1, "revision", Int64, O)]),
    // 226: k8s.io/api/apps/v1beta1.DeploymentList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[223], R)]),
    // 227: k8s.io/api/apps/v1beta1.DeploymentRollback and 1 more
    object(&[f(1, "name", Text, 0), f(2, "updatedAnnotations", Text, M), m(3, "rollbackTo", &A[225], 0)]),
    // 228: k8s.io/api/apps/v1beta1.Scale and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[229], 0), m(3, "status", &A[230], 0)]),
    // 229: k8s.io/api/apps/v1beta1.ScaleSpec and 3 more
    plain(&[f(1, "replicas", Int32, O)]),
    // 230: k8s.io/api/apps/v1beta1.ScaleStatus and 2 more
    plain(&[f(1, "replicas", Int32, 0), f(2, "selector", Text, M), f(3, "targetSelector", Text, O)]),
    // 231: k8s.io/api/apps/v1beta1.StatefulSet
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[210], 0), m(3, "status", &A[232], 0)]),
    // 232: k8s.io/api/apps/v1beta1.StatefulSetStatus
    plain(&[f(1, "observedGeneration", Int64, P), f(2, "replicas", Int32, 0), f(3, "readyReplicas", Int32, O),
        f(4, "currentReplicas", Int32, O), f(5, "updatedReplicas", Int32, O), f(6, "currentRevision", Text, O),
        f(7, "updateRevision", Text, O), f(9, "collisionCount", Int32, P), m(10, "conditions", &A[90], R),
        f(11, "availableReplicas", Int32, 0)]),
    // 233: k8s.io/api/apps/v1beta1.StatefulSetList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[231], R)]),
    // 234: k8s.io/api/authentication/v1.SelfSubjectReview and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "status", &A[235], 0)]),
    // 235: k8s.io/api/authentication/v1.SelfSubjectReviewStatus and 2 more
    plain(&[m(1, "userInfo", &A[4], 0)]),
    // 236: k8s.io/api/authentication/v1.TokenRequest
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[237], 0), m(3, "status", &A[239], 0)]),
    // 237: k8s.io/api/authentication/v1.TokenRequestSpec
    plain(&[f(1, "audiences", Text, R), m(3, "boundObjectRef", &A[238], P), f(4, "expirationSeconds", Int64, P),
        f(5, "attestations", Texts, M)]),
    // 238: k8s.io/api/authentication/v1.BoundObjectReference
    plain(&[f(1, "kind", Text, O), f(2, "apiVersion", Text, O), f(3, "name", Text, O), f(4, "uid", Text, O)]),
    // 239: k8s.io/api/authentication/v1.TokenRequestStatus
    plain(&[f(1, "token", Text, 0), f(2, "expirationTimestamp", Time, 0)]),
    // 240: k8s.io/api/authentication/v1.TokenReview and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[241], 0), m(3, "status", &A[242], 0)]),
    // 241: k8s.io/api/authentication/v1.TokenReviewSpec and 1 more
    plain(&[f(1, "token", Text, O), f(2, "audiences", Text, R)]),
    // 242: k8s.io/api/authentication/v1.TokenReviewStatus and 1 more
    plain(&[f(1, "authenticated", Bool, O), m(2, "user", &A[4], 0), f(3, "error", Text, O),
        f(4, "audiences", Text, R)]),
    // 243: k8s.io/api/authorization/v1.LocalSubjectAccessReview and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[244], 0), m(3, "status", &A[248], 0)]),
    // 244: k8s.io/api/authorization/v1.SubjectAccessReviewSpec
    plain(&[m(1, "resourceAttributes", &A[245], P), m(2, "nonResourceAttributes", &A[247], P), f(3, "user", Text, O),
        f(4, "groups", Text, R), f(5, "extra", Texts, M), f(6, "uid", Text, O)]),
    // 245: k8s.io/api/authorization/v1.ResourceAttributes and 1 more
    plain(&[f(1, "namespace", Text, O), f(2, "verb", Text, O), f(3, "group", Text, O), f(4, "version", Text, O),
        f(5, "resource", Text, O), f(6, "subresource", Text, O), f(7, "name", Text, O),
        m(8, "fieldSelector", &A[246], P), m(9, "labelSelector", &A[246], P)]),
    // 246: k8s.io/api/authorization/v1.FieldSelectorAttributes and 1 more
    plain(&[f(1, "rawSelector", Text, O), m(2, "requirements", &A[19], R)]),
    // 247: k8s.io/api/authorization/v1.NonResourceAttributes and 1 more
    plain(&[f(1, "path", Text, O), f(2, "verb", Text, O)]),
    // 248: k8s.io/api/authorization/v1.SubjectAccessReviewStatus and 1 more
    plain(&[f(1, "allowed", Bool, 0), f(2, "reason", Text, O), f(3, "evaluationError", Text, O),
        f(4, "denied", Bool, O)]),
    // 249: k8s.io/api/authorization/v1.SelfSubjectAccessReview and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[250], 0), m(3, "status", &A[248], 0)]),
    // 250: k8s.io/api/authorization/v1.SelfSubjectAccessReviewSpec and 1 more
    plain(&[m(1, "resourceAttributes", &A[245], P), m(2, "nonResourceAttributes", &A[247], P)]),
    // 251: k8s.io/api/authorization/v1.SelfSubjectRulesReview and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[252], 0), m(3, "status", &A[253], 0)]),
    // 252: k8s.io/api/authorization/v1.SelfSubjectRulesReviewSpec and 1 more
    plain(&[f(1, "namespace", Text, O)]),
    // 253: k8s.io/api/authorization/v1.SubjectRulesReviewStatus and 1 more
    plain(&[m(1, "resourceRules", &A[254], R), m(2, "nonResourceRules", &A[255], R), f(3, "incomplete", Bool, 0),
        f(4, "evaluationError", Text, O)]),
    // 254: k8s.io/api/authorization/v1.ResourceRule and 1 more
    plain(&[f(1, "verbs", Text, R), f(2, "apiGroups", Text, R), f(3, "resources", Text, R),
        f(4, "resourceNames", Text, R)]),
    // 255: k8s.io/api/authorization/v1.NonResourceRule and 1 more
    plain(&[f(1, "verbs", Text, R), f(2, "nonResourceURLs", Text, R)]),
    // 256: k8s.io/api/authorization/v1beta1.LocalSubjectAccessReview and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[257], 0), m(3, "status", &A[248], 0)]),
    // 257: k8s.io/api/authorization/v1beta1.SubjectAccessReviewSpec
    plain(&[m(1, "resourceAttributes", &A[245], P), m(2, "nonResourceAttributes", &A[247], P), f(3, "user", Text, O),
        f(4, "group", Text, R), f(5, "extra", Texts, M), f(6, "uid", Text, O)]),
    // 258: k8s.io/api/autoscaling/v1.HorizontalPodAutoscaler
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[259], 0), m(3, "status", &A[261], 0)]),
    // 259: k8s.io/api/autoscaling/v1.HorizontalPodAutoscalerSpec
    plain(&[m(1, "scaleTargetRef", &A[260], 0), f(2, "minReplicas", Int32, P), f(3, "maxReplicas", Int32, 0),
        f(4, "targetCPUUtilizationPercentage", Int32, P)]),
    // 260: k8s.io/api/autoscaling/v1.CrossVersionObjectReference and 1 more
    plain(&[f(1, "kind", Text, 0), f(2, "name", Text, 0), f(3, "apiVersion", Text, O)]),
    // 261: k8s.io/api/autoscaling/v1.HorizontalPodAutoscalerStatus
    plain(&[f(1, "observedGeneration", Int64, P), f(2, "lastScaleTime", Time, P), f(3, "currentReplicas", Int32, 0),
        f(4, "desiredReplicas", Int32, 0), f(5, "currentCPUUtilizationPercentage", Int32, P)]),
    // 262: k8s.io/api/autoscaling/v1.HorizontalPodAutoscalerList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[258], R)]),
    // 263: k8s.io/api/autoscaling/v1.Scale
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[229], 0), m(3, "status", &A[264], 0)]),
    // 264: k8s.io/api/autoscaling/v1.ScaleStatus
    plain(&[f(1, "replicas", Int32, 0), f(2, "selector", Text, O)]),
    // 265: k8s.io/api/autoscaling/v2.HorizontalPodAutoscaler
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[266], 0), m(3, "status", &A[277], 0)]),
    // 266: k8s.io/api/autoscaling/v2.HorizontalPodAutoscalerSpec
    plain(&[m(1, "scaleTargetRef", &A[260], 0), f(2, "minReplicas", Int32, P), f(3, "maxReplicas", Int32, 0),
        m(4, "metrics", &A[267], R), m(5, "behavior", &A[274], P)]),
    // 267: k8s.io/api/autoscaling/v2.MetricSpec
    plain(&[f(1, "type", Text, 0), m(2, "object", &A[268], P), m(3, "pods", &A[271], P), m(4, "resource", &A[272], P),
        m(5, "external", &A[271], P), m(7, "containerResource", &A[273], P)]),
    // 268: k8s.io/api/autoscaling/v2.ObjectMetricSource
    plain(&[m(1, "describedObject", &A[260], 0), m(2, "target", &A[269], 0), m(3, "metric", &A[270], 0)]),
    // 269: k8s.io/api/autoscaling/v2.MetricTarget
    plain(&[f(1, "type", Text, 0), f(2, "value", Quantity, P), f(3, "averageValue", Quantity, P),
        f(4, "averageUtilization", Int32, P)]),
    // 270: k8s.io/api/autoscaling/v2.MetricIdentifier
    plain(&[f(1, "name", Text, 0), m(2, "selector", &A[18], P)]),
    // 271: k8s.io/api/autoscaling/v2.PodsMetricSource and 1 more
    plain(&[m(1, "metric", &A[270], 0), m(2, "target", &A[269], 0)]),
    // 272: k8s.io/api/autoscaling/v2.ResourceMetricSource
    plain(&[f(1, "name", Text, 0), m(2, "target", &A[269], 0)]),
    // 273: k8s.io/api/autoscaling/v2.ContainerResourceMetricSource
    plain(&[f(1, "name", Text, 0), m(2, "target", &A[269], 0), f(3, "container", Text, 0)]),
    // 274: k8s.io/api/autoscaling/v2.HorizontalPodAutoscalerBehavior
    plain(&[m(1, "scaleUp", &A[275], P), m(2, "scaleDown", &A[275], P)]),
    // 275: k8s.io/api/autoscaling/v2.HPAScalingRules
    plain(&[f(1, "selectPolicy", Text, P), m(2, "policies", &A[276], R), f(3, "stabilizationWindowSeconds", Int32, P),
        f(4, "tolerance", Quantity, P)]),
    // 276: k8s.io/api/autoscaling/v2.HPAScalingPolicy
    plain(&[f(1, "type", Text, 0), f(2, "value", Int32, 0), f(3, "periodSeconds", Int32, 0)]),
    // 277: k8s.io/api/autoscaling/v2.HorizontalPodAutoscalerStatus
    plain(&[f(1, "observedGeneration", Int64, P), f(2, "lastScaleTime", Time, P), f(3, "currentReplicas", Int32, O),
        f(4, "desiredReplicas", Int32, 0), m(5, "currentMetrics", &A[278], R), m(6, "conditions", &A[284], R)]),
    // 278: k8s.io/api/autoscaling/v2.MetricStatus
    plain(&[f(1, "type", Text, 0), m(2, "object", &A[279], P), m(3, "pods", &A[281], P), m(4, "resource", &A[282], P),
        m(5, "external", &A[281], P), m(7, "containerResource", &A[283], P)]),
    // 279: k8s.io/api/autoscaling/v2.ObjectMetricStatus
    plain(&[m(1, "metric", &A[270], 0), m(2, "current", &A[280], 0), m(3, "describedObject", &A[260], 0)]),
    // 280: k8s.io/api/autoscaling/v2.MetricValueStatus
    plain(&[f(1, "value", Quantity, P), f(2, "averageValue", Quantity, P), f(3, "averageUtilization", Int32, P)]),
    // 281: k8s.io/api/autoscaling/v2.PodsMetricStatus and 1 more
    plain(&[m(1, "metric", &A[270], 0), m(2, "current", &A[280], 0)]),
    // 282: k8s.io/api/autoscaling/v2.ResourceMetricStatus
    plain(&[f(1, "name", Text, 0), m(2, "current", &A[280], 0)]),
    // 283: k8s.io/api/autoscaling/v2.ContainerResourceMetricStatus
    plain(&[f(1, "name", Text, 0), m(2, "current", &A[280], 0), f(3, "container", Text, 0)]),
    // 284: k8s.io/api/autoscaling/v2.HorizontalPodAutoscalerCondition
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(3, "lastTransitionTime", Time, 0),
        f(4, "reason", Text, O), f(5, "message", Text, O), f(6, "observedGeneration", Int64, P)]),
    // 285: k8s.io/api/autoscaling/v2.HorizontalPodAutoscalerList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[265], R)]),
    // 286: k8s.io/api/batch/v1.CronJob and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[287], 0), m(3, "status", &A[303], 0)]),
    // 287: k8s.io/api/batch/v1.CronJobSpec and 1 more
    plain(&[f(1, "schedule", Text, 0), f(2, "startingDeadlineSeconds", Int64, P), f(3, "concurrencyPolicy", Text, O),
        f(4, "suspend", Bool, P), m(5, "jobTemplate", &A[288], 0), f(6, "successfulJobsHistoryLimit", Int32, P),
        f(7, "failedJobsHistoryLimit", Int32, P), f(8, "timeZone", Text, P)]),
    // 288: k8s.io/api/batch/v1.JobTemplateSpec and 1 more
    plain(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[289], 0)]),
    // 289: k8s.io/api/batch/v1.JobSpec
    plain(&[f(1, "parallelism", Int32, P), f(2, "completions", Int32, P), f(3, "activeDeadlineSeconds", Int64, P),
        m(4, "selector", &A[18], P), f(5, "manualSelector", Bool, P), m(6, "template", &A[96], 0),
        f(7, "backoffLimit", Int32, P), f(8, "ttlSecondsAfterFinished", Int32, P), f(9, "completionMode", Text, P),
        f(10, "suspend", Bool, P), m(11, "podFailurePolicy", &A[290], P), f(12, "backoffLimitPerIndex", Int32, P),
        f(13, "maxFailedIndexes", Int32, P), f(14, "podReplacementPolicy", Text, P), f(15, "managedBy", Text, P),
        m(16, "successPolicy", &A[294], P), m(17, "scheduling", &A[296], P)]),
    // 290: k8s.io/api/batch/v1.PodFailurePolicy
    plain(&[m(1, "rules", &A[291], R)]),
    // 291: k8s.io/api/batch/v1.PodFailurePolicyRule
    plain(&[f(1, "action", Text, 0), m(2, "onExitCodes", &A[292], P), m(3, "onPodConditions", &A[293], R)]),
    // 292: k8s.io/api/batch/v1.PodFailurePolicyOnExitCodesRequirement
    plain(&[f(1, "containerName", Text, P), f(2, "operator", Text, 0), f(3, "values", Int32, R)]),
    // 293: k8s.io/api/batch/v1.PodFailurePolicyOnPodConditionsPattern
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0)]),
    // 294: k8s.io/api/batch/v1.SuccessPolicy
    plain(&[m(1, "rules", &A[295], R)]),
    // 295: k8s.io/api/batch/v1.SuccessPolicyRule
    plain(&[f(1, "succeededIndexes", Text, P), f(2, "succeededCount", Int32, P)]),
    // 296: k8s.io/api/batch/v1.JobSchedulingConfiguration
    plain(&[m(1, "schedulingPolicy", &A[297], P), m(2, "schedulingConstraints", &A[299], P),
        m(3, "disruptionMode", &A[301], P), m(4, "resourceClaims", &A[302], R)]),
    // 297: k8s.io/api/scheduling/v1alpha3.WorkloadPodGroupSchedulingPolicy
    plain(&[m(1, "basic", &A[71], P), m(2, "gang", &A[298], P)]),
    // 298: k8s.io/api/scheduling/v1alpha3.WorkloadPodGroupGangSchedulingPolicy
    plain(&[f(1, "minCount", Int32, P)]),
    // 299: k8s.io/api/scheduling/v1alpha3.WorkloadPodGroupSchedulingConstraints and 4 more
    plain(&[m(1, "topology", &A[300], R)]),
    // 300: k8s.io/api/scheduling/v1alpha3.TopologyConstraint and 1 more
    plain(&[f(1, "key", Text, 0)]),
    // 301: k8s.io/api/scheduling/v1alpha3.WorkloadPodGroupDisruptionMode and 4 more
    plain(&[m(1, "single", &A[71], P), m(2, "all", &A[71], P)]),
    // 302: k8s.io/api/scheduling/v1alpha3.WorkloadPodGroupResourceClaim and 2 more
    plain(&[f(1, "name", Text, 0), f(2, "resourceClaimName", Text, P), f(3, "resourceClaimTemplateName", Text, P)]),
    // 303: k8s.io/api/batch/v1.CronJobStatus and 1 more
    plain(&[m(1, "active", &A[304], R), f(4, "lastScheduleTime", Time, P), f(5, "lastSuccessfulTime", Time, P)]),
    // 304: k8s.io/api/core/v1.ObjectReference
    plain(&[f(1, "kind", Text, O), f(2, "namespace", Text, O), f(3, "name", Text, O), f(4, "uid", Text, O),
        f(5, "apiVersion", Text, O), f(6, "resourceVersion", Text, O), f(7, "fieldPath", Text, O)]),
    // 305: k8s.io/api/batch/v1.CronJobList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[286], R)]),
    // 306: k8s.io/api/batch/v1.Job
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[289], 0), m(3, "status", &A[307], 0)]),
    // 307: k8s.io/api/batch/v1.JobStatus
    plain(&[m(1, "conditions", &A[213], R), f(2, "startTime", Time, P), f(3, "completionTime", Time, P),
        f(4, "active", Int32, O), f(5, "succeeded", Int32, O), f(6, "failed", Int32, O),
        f(7, "completedIndexes", Text, O), m(8, "uncountedTerminatedPods", &A[308], P), f(9, "ready", Int32, P),
        f(10, "failedIndexes", Text, P), f(11, "terminating", Int32, P)]),
    // 308: k8s.io/api/batch/v1.UncountedTerminatedPods
    plain(&[f(1, "succeeded", Text, R), f(2, "failed", Text, R)]),
    // 309: k8s.io/api/batch/v1.JobList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[306], R)]),
    // 310: k8s.io/api/certificates/v1.CertificateSigningRequest
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[311], 0), m(3, "status", &A[312], 0)]),
    // 311: k8s.io/api/certificates/v1.CertificateSigningRequestSpec
    plain(&[f(1, "request", Bytes, 0), f(2, "username", Text, O), f(3, "uid", Text, O), f(4, "groups", Text, R),
        f(5, "usages", Text, R), f(6, "extra", Texts, M), f(7, "signerName", Text, 0),
        f(8, "expirationSeconds", Int32, P)]),
    // 312: k8s.io/api/certificates/v1.CertificateSigningRequestStatus and 1 more
    plain(&[m(1, "conditions", &A[313], R), f(2, "certificate", Bytes, O)]),
    // 313: k8s.io/api/certificates/v1.CertificateSigningRequestCondition and 1 more
    plain(&[f(1, "type", Text, 0), f(2, "reason", Text, O), f(3, "message", Text, O), f(4, "lastUpdateTime", Time, 0),
        f(5, "lastTransitionTime", Time, 0), f(6, "status", Text, 0)]),
    // 314: k8s.io/api/certificates/v1.CertificateSigningRequestList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[310], R)]),
    // 315: k8s.io/api/certificates/v1.ClusterTrustBundle and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[316], 0)]),
    // 316: k8s.io/api/certificates/v1.ClusterTrustBundleSpec and 2 more
    plain(&[f(1, "signerName", Text, O), f(2, "trustBundle", Text, 0)]),
    // 317: k8s.io/api/certificates/v1.ClusterTrustBundleList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[315], R)]),
    // 318: k8s.io/api/certificates/v1.PodCertificateRequest
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[319], 0), m(3, "status", &A[320], 0)]),
    // 319: k8s.io/api/certificates/v1.PodCertificateRequestSpec
    plain(&[f(1, "signerName", Text, 0), f(2, "podName", Text, 0), f(3, "podUID", Text, 0),
        f(4, "serviceAccountName", Text, 0), f(5, "serviceAccountUID", Text, 0), f(6, "nodeName", Text, 0),
        f(7, "nodeUID", Text, 0), f(8, "maxExpirationSeconds", Int32, P), f(11, "unverifiedUserAnnotations", Text, M),
        f(12, "stubPKCS10Request", Bytes, 0)]),
    // 320: k8s.io/api/certificates/v1.PodCertificateRequestStatus and 1 more
    plain(&[m(1, "conditions", &A[43], R), f(2, "certificateChain", Text, O), f(4, "notBefore", Time, P),
        f(5, "beginRefreshAt", Time, P), f(6, "notAfter", Time, P)]),
    // 321: k8s.io/api/certificates/v1.PodCertificateRequestList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[318], R)]),
    // 322: k8s.io/api/certificates/v1beta1.CertificateSigningRequest
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[323], 0), m(3, "status", &A[312], 0)]),
    // 323: k8s.io/api/certificates/v1beta1.CertificateSigningRequestSpec
    plain(&[f(1, "request", Bytes, 0), f(2, "username", Text, O), f(3, "uid", Text, O), f(4, "groups", Text, R),
        f(5, "usages", Text, R), f(6, "extra", Texts, M), f(7, "signerName", Text, P),
        f(8, "expirationSeconds", Int32, P)]),
    // 324: k8s.io/api/certificates/v1beta1.CertificateSigningRequestList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[322], R)]),
    // 325: k8s.io/api/certificates/v1beta1.PodCertificateRequest
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[326], 0), m(3, "status", &A[320], 0)]),
    // 326: k8s.io/api/certificates/v1beta1.PodCertificateRequestSpec
    plain(&[f(1, "signerName", Text, 0), f(2, "podName", Text, 0), f(3, "podUID", Text, 0),
        f(4, "serviceAccountName", Text, 0), f(5, "serviceAccountUID", Text, 0), f(6, "nodeName", Text, 0),
        f(7, "nodeUID", Text, 0), f(8, "maxExpirationSeconds", Int32, P), f(9, "pkixPublicKey", Bytes, 0),
        f(10, "proofOfPossession", Bytes, 0), f(11, "unverifiedUserAnnotations", Text, M),
        f(12, "stubPKCS10Request", Bytes, 0)]),
    // 327: k8s.io/api/certificates/v1beta1.PodCertificateRequestList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[325], R)]),
    // 328: k8s.io/api/coordination/v1.Lease and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[329], 0)]),
    // 329: k8s.io/api/coordination/v1.LeaseSpec and 1 more
    plain(&[f(1, "holderIdentity", Text, P), f(2, "leaseDurationSeconds", Int32, P), f(3, "acquireTime", MicroTime, P),
        f(4, "renewTime", MicroTime, P), f(5, "leaseTransitions", Int32, P), f(6, "strategy", Text, P),
        f(7, "preferredHolder", Text, P)]),
    // 330: k8s.io/api/coordination/v1.LeaseList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[328], R)]),
    // 331: k8s.io/api/coordination/v1alpha2.LeaseCandidate and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[332], 0)]),
    // 332: k8s.io/api/coordination/v1alpha2.LeaseCandidateSpec and 1 more
    plain(&[f(1, "leaseName", Text, 0), f(2, "pingTime", MicroTime, P), f(3, "renewTime", MicroTime, P),
        f(4, "binaryVersion", Text, 0), f(5, "emulationVersion", Text, O), f(6, "strategy", Text, O)]),
    // 333: k8s.io/api/coordination/v1alpha2.LeaseCandidateList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[331], R)]),
    // 334: k8s.io/api/discovery/v1.EndpointSlice
    object(&[m(1, "metadata", &A[12], 0), m(2, "endpoints", &A[335], R), m(3, "ports", &A[338], R),
        f(4, "addressType", Text, 0)]),
    // 335: k8s.io/api/discovery/v1.Endpoint
    plain(&[f(1, "addresses", Text, R), m(2, "conditions", &A[336], 0), f(3, "hostname", Text, P),
        m(4, "targetRef", &A[304], P), f(5, "deprecatedTopology", Text, M), f(6, "nodeName", Text, P),
        f(7, "zone", Text, P), m(8, "hints", &A[337], P)]),
    // 336: k8s.io/api/discovery/v1.EndpointConditions and 1 more
    plain(&[f(1, "ready", Bool, P), f(2, "serving", Bool, P), f(3, "terminating", Bool, P)]),
    // 337: k8s.io/api/discovery/v1.EndpointHints and 1 more
    plain(&[m(1, "forZones", &A[192], R), m(2, "forNodes", &A[192], R)]),
    // 338: k8s.io/api/discovery/v1.EndpointPort and 1 more
    plain(&[f(1, "name", Text, P), f(2, "protocol", Text, P), f(3, "port", Int32, P), f(4, "appProtocol", Text, P)]),
    // 339: k8s.io/api/discovery/v1.EndpointSliceList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[334], R)]),
    // 340: k8s.io/api/discovery/v1beta1.EndpointSlice
    object(&[m(1, "metadata", &A[12], 0), m(2, "endpoints", &A[341], R), m(3, "ports", &A[338], R),
        f(4, "addressType", Text, 0)]),
    // 341: k8s.io/api/discovery/v1beta1.Endpoint
    plain(&[f(1, "addresses", Text, R), m(2, "conditions", &A[336], 0), f(3, "hostname", Text, P),
        m(4, "targetRef", &A[304], P), f(5, "topology", Text, M), f(6, "nodeName", Text, P),
        m(7, "hints", &A[337], P)]),
    // 342: k8s.io/api/discovery/v1beta1.EndpointSliceList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[340], R)]),
    // 343: k8s.io/api/events/v1.Event and 1 more
    object(&[m(1, "metadata", &A[12], 0), f(2, "eventTime", MicroTime, 0), m(3, "series", &A[344], P),
        f(4, "reportingController", Text, O), f(5, "reportingInstance", Text, O), f(6, "action", Text, O),
        f(7, "reason", Text, O), m(8, "regarding", &A[304], 0), m(9, "related", &A[304], P), f(10, "note", Text, O),
        f(11, "type", Text, O), m(12, "deprecatedSource", &A[345], 0), f(13, "deprecatedFirstTimestamp", Time, 0),
        f(14, "deprecatedLastTimestamp", Time, 0), f(15, "deprecatedCount", Int32, O)]),
    // 344: k8s.io/api/events/v1.EventSeries and 1 more
    plain(&[f(1, "count", Int32, 0), f(2, "lastObservedTime", MicroTime, 0)]),
    // 345: k8s.io/api/core/v1.EventSource
    plain(&[f(1, "component", Text, O), f(2, "host", Text, O)]),
    // 346: k8s.io/api/events/v1.EventList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[343], R)]),
    // 347: k8s.io/api/extensions/v1beta1.DaemonSet
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[348], 0), m(3, "status", &A[198], 0)]),
    // 348: k8s.io/api/extensions/v1beta1.DaemonSetSpec
    plain(&[m(1, "selector", &A[18], P), m(2, "template", &A[96], 0), m(3, "updateStrategy", &A[196], 0),
        f(4, "minReadySeconds", Int32, O), f(5, "templateGeneration", Int64, O),
        f(6, "revisionHistoryLimit", Int32, P)]),
    // 349: k8s.io/api/extensions/v1beta1.DaemonSetList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[347], R)]),
    // 350: k8s.io/api/extensions/v1beta1.Ingress and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[351], 0), m(3, "status", &A[358], 0)]),
    // 351: k8s.io/api/extensions/v1beta1.IngressSpec and 1 more
    plain(&[m(1, "backend", &A[352], P), m(2, "tls", &A[353], R), m(3, "rules", &A[354], R),
        f(4, "ingressClassName", Text, P)]),
    // 352: k8s.io/api/extensions/v1beta1.IngressBackend and 1 more
    plain(&[f(1, "serviceName", Text, O), f(2, "servicePort", IntOrString, 0), m(3, "resource", &A[143], P)]),
    // 353: k8s.io/api/extensions/v1beta1.IngressTLS and 2 more
    plain(&[f(1, "hosts", Text, R), f(2, "secretName", Text, O)]),
    // 354: k8s.io/api/extensions/v1beta1.IngressRule and 1 more
    plain(&[f(1, "host", Text, O), m(2, "", &A[355], I)]),
    // 355: k8s.io/api/extensions/v1beta1.IngressRuleValue and 1 more
    plain(&[m(1, "http", &A[356], P)]),
    // 356: k8s.io/api/extensions/v1beta1.HTTPIngressRuleValue and 1 more
    plain(&[m(1, "paths", &A[357], R)]),
    // 357: k8s.io/api/extensions/v1beta1.HTTPIngressPath and 1 more
    plain(&[f(1, "path", Text, O), m(2, "backend", &A[352], 0), f(3, "pathType", Text, P)]),
    // 358: k8s.io/api/extensions/v1beta1.IngressStatus and 2 more
    plain(&[m(1, "loadBalancer", &A[359], 0)]),
    // 359: k8s.io/api/extensions/v1beta1.IngressLoadBalancerStatus and 2 more
    plain(&[m(1, "ingress", &A[360], R)]),
    // 360: k8s.io/api/extensions/v1beta1.IngressLoadBalancerIngress and 2 more
    plain(&[f(1, "ip", Text, O), f(2, "hostname", Text, O), m(4, "ports", &A[361], R)]),
    // 361: k8s.io/api/extensions/v1beta1.IngressPortStatus and 3 more
    plain(&[f(1, "port", Int32, 0), f(2, "protocol", Text, 0), f(3, "error", Text, P)]),
    // 362: k8s.io/api/extensions/v1beta1.IngressList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[350], R)]),
    // 363: k8s.io/api/extensions/v1beta1.NetworkPolicy and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[364], 0)]),
    // 364: k8s.io/api/extensions/v1beta1.NetworkPolicySpec and 1 more
    plain(&[m(1, "podSelector", &A[18], 0), m(2, "ingress", &A[365], R), m(3, "egress", &A[369], R),
        f(4, "policyTypes", Text, R)]),
    // 365: k8s.io/api/extensions/v1beta1.NetworkPolicyIngressRule and 1 more
    plain(&[m(1, "ports", &A[366], R), m(2, "from", &A[367], R)]),
    // 366: k8s.io/api/extensions/v1beta1.NetworkPolicyPort and 1 more
    plain(&[f(1, "protocol", Text, P), f(2, "port", IntOrString, P), f(3, "endPort", Int32, P)]),
    // 367: k8s.io/api/extensions/v1beta1.NetworkPolicyPeer and 1 more
    plain(&[m(1, "podSelector", &A[18], P), m(2, "namespaceSelector", &A[18], P), m(3, "ipBlock", &A[368], P)]),
    // 368: k8s.io/api/extensions/v1beta1.IPBlock and 1 more
    plain(&[f(1, "cidr", Text, 0), f(2, "except", Text, R)]),
    // 369: k8s.io/api/extensions/v1beta1.NetworkPolicyEgressRule and 1 more
    plain(&[m(1, "ports", &A[366], R), m(2, "to", &A[367], R)]),
    // 370: k8s.io/api/extensions/v1beta1.NetworkPolicyList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[363], R)]),
    // 371: k8s.io/api/flowcontrol/v1.FlowSchema and 3 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[372], 0), m(3, "status", &A[379], 0)]),
    // 372: k8s.io/api/flowcontrol/v1.FlowSchemaSpec and 3 more
    plain(&[m(1, "priorityLevelConfiguration", &A[192], 0), f(2, "matchingPrecedence", Int32, 0),
        m(3, "distinguisherMethod", &A[373], P), m(4, "rules", &A[374], R)]),
    // 373: k8s.io/api/flowcontrol/v1.FlowDistinguisherMethod and 3 more
    plain(&[f(1, "type", Text, 0)]),
    // 374: k8s.io/api/flowcontrol/v1.PolicyRulesWithSubjects and 3 more
    plain(&[m(1, "subjects", &A[375], R), m(2, "resourceRules", &A[377], R), m(3, "nonResourceRules", &A[378], R)]),
    // 375: k8s.io/api/flowcontrol/v1.Subject and 3 more
    plain(&[f(1, "kind", Text, 0), m(2, "user", &A[192], P), m(3, "group", &A[192], P),
        m(4, "serviceAccount", &A[376], P)]),
    // 376: k8s.io/api/flowcontrol/v1.ServiceAccountSubject and 3 more
    plain(&[f(1, "namespace", Text, 0), f(2, "name", Text, 0)]),
    // 377: k8s.io/api/flowcontrol/v1.ResourcePolicyRule and 3 more
    plain(&[f(1, "verbs", Text, R), f(2, "apiGroups", Text, R), f(3, "resources", Text, R),
        f(4, "clusterScope", Bool, O), f(5, "namespaces", Text, R)]),
    // 378: k8s.io/api/flowcontrol/v1.NonResourcePolicyRule and 3 more
    plain(&[f(1, "verbs", Text, R), f(6, "nonResourceURLs", Text, R)]),
    // 379: k8s.io/api/flowcontrol/v1.FlowSchemaStatus and 7 more
    plain(&[m(1, "conditions", &A[380], R)]),
    // 380: k8s.io/api/flowcontrol/v1.FlowSchemaCondition and 7 more
    plain(&[f(1, "type", Text, O), f(2, "status", Text, O), f(3, "lastTransitionTime", Time, 0),
        f(4, "reason", Text, O), f(5, "message", Text, O)]),
    // 381: k8s.io/api/flowcontrol/v1.FlowSchemaList and 3 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[371], R)]),
    // 382: k8s.io/api/flowcontrol/v1.PriorityLevelConfiguration
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[383], 0), m(3, "status", &A[379], 0)]),
    // 383: k8s.io/api/flowcontrol/v1.PriorityLevelConfigurationSpec
    plain(&[f(1, "type", Text, 0), m(2, "limited", &A[384], P), m(3, "exempt", &A[387], P)]),
    // 384: k8s.io/api/flowcontrol/v1.LimitedPriorityLevelConfiguration
    plain(&[f(1, "nominalConcurrencyShares", Int32, P), m(2, "limitResponse", &A[385], 0),
        f(3, "lendablePercent", Int32, P), f(4, "borrowingLimitPercent", Int32, P)]),
    // 385: k8s.io/api/flowcontrol/v1.LimitResponse and 3 more
    plain(&[f(1, "type", Text, 0), m(2, "queuing", &A[386], P)]),
    // 386: k8s.io/api/flowcontrol/v1.QueuingConfiguration and 3 more
    plain(&[f(1, "queues", Int32, 0), f(2, "handSize", Int32, 0), f(3, "queueLengthLimit", Int32, 0)]),
    // 387: k8s.io/api/flowcontrol/v1.ExemptPriorityLevelConfiguration and 3 more
    plain(&[f(1, "nominalConcurrencyShares", Int32, P), f(2, "lendablePercent", Int32, P)]),
    // 388: k8s.io/api/flowcontrol/v1.PriorityLevelConfigurationList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[382], R)]),
    // 389: k8s.io/api/flowcontrol/v1beta1.PriorityLevelConfiguration and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[390], 0), m(3, "status", &A[379], 0)]),
    // 390: k8s.io/api/flowcontrol/v1beta1.PriorityLevelConfigurationSpec and 1 more
    plain(&[f(1, "type", Text, 0), m(2, "limited", &A[391], P), m(3, "exempt", &A[387], P)]),
    // 391: k8s.io/api/flowcontrol/v1beta1.LimitedPriorityLevelConfiguration and 1 more
    plain(&[f(1, "assuredConcurrencyShares", Int32, 0), m(2, "limitResponse", &A[385], 0),
        f(3, "lendablePercent", Int32, P), f(4, "borrowingLimitPercent", Int32, P)]),
    // 392: k8s.io/api/flowcontrol/v1beta1.PriorityLevelConfigurationList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[389], R)]),
    // 393: k8s.io/api/flowcontrol/v1beta3.PriorityLevelConfiguration
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[394], 0), m(3, "status", &A[379], 0)]),
    // 394: k8s.io/api/flowcontrol/v1beta3.PriorityLevelConfigurationSpec
    plain(&[f(1, "type", Text, 0), m(2, "limited", &A[395], P), m(3, "exempt", &A[387], P)]),
    // 395: k8s.io/api/flowcontrol/v1beta3.LimitedPriorityLevelConfiguration
    plain(&[f(1, "nominalConcurrencyShares", Int32, 0), m(2, "limitResponse", &A[385], 0),
        f(3, "lendablePercent", Int32, P), f(4, "borrowingLimitPercent", Int32, P)]),
    // 396: k8s.io/api/flowcontrol/v1beta3.PriorityLevelConfigurationList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[393], R)]),
    // 397: k8s.io/api/imagepolicy/v1alpha1.ImageReview
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[398], 0), m(3, "status", &A[400], 0)]),
    // 398: k8s.io/api/imagepolicy/v1alpha1.ImageReviewSpec
    plain(&[m(1, "containers", &A[399], R), f(2, "annotations", Text, M), f(3, "namespace", Text, O)]),
    // 399: k8s.io/api/imagepolicy/v1alpha1.ImageReviewContainerSpec
    plain(&[f(1, "image", Text, O)]),
    // 400: k8s.io/api/imagepolicy/v1alpha1.ImageReviewStatus
    plain(&[f(1, "allowed", Bool, 0), f(2, "reason", Text, O), f(3, "auditAnnotations", Text, M)]),
    // 401: k8s.io/api/apiserverinternal/v1alpha1.StorageVersion
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[71], 0), m(3, "status", &A[402], 0)]),
    // 402: k8s.io/api/apiserverinternal/v1alpha1.StorageVersionStatus
    plain(&[m(1, "storageVersions", &A[403], R), f(2, "commonEncodingVersion", Text, P),
        m(3, "conditions", &A[404], R)]),
    // 403: k8s.io/api/apiserverinternal/v1alpha1.ServerStorageVersion
    plain(&[f(1, "apiServerID", Text, O), f(2, "encodingVersion", Text, O), f(3, "decodableVersions", Text, R),
        f(4, "servedVersions", Text, R)]),
    // 404: k8s.io/api/apiserverinternal/v1alpha1.StorageVersionCondition
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(3, "observedGeneration", Int64, O),
        f(4, "lastTransitionTime", Time, 0), f(5, "reason", Text, 0), f(6, "message", Text, O)]),
    // 405: k8s.io/api/apiserverinternal/v1alpha1.StorageVersionList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[401], R)]),
    // 406: k8s.io/api/lifecycle/v1alpha1.Eviction
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[407], 0), m(3, "status", &A[410], 0)]),
    // 407: k8s.io/api/lifecycle/v1alpha1.EvictionSpec
    plain(&[m(1, "target", &A[408], 0)]),
    // 408: k8s.io/api/lifecycle/v1alpha1.EvictionTarget and 1 more
    plain(&[m(1, "pod", &A[409], P)]),
    // 409: k8s.io/api/lifecycle/v1alpha1.EvictionPodReference and 1 more
    plain(&[f(1, "name", Text, 0), f(2, "uid", Text, 0)]),
    // 410: k8s.io/api/lifecycle/v1alpha1.EvictionStatus
    plain(&[m(1, "conditions", &A[43], R), f(2, "observedGeneration", Int64, P), m(3, "requesters", &A[411], R),
        m(4, "targetResponders", &A[412], R), m(5, "responders", &A[413], R)]),
    // 411: k8s.io/api/lifecycle/v1alpha1.Requester
    plain(&[f(1, "name", Text, 0), f(2, "intent", Text, 0)]),
    // 412: k8s.io/api/lifecycle/v1alpha1.TargetResponder
    plain(&[f(1, "name", Text, 0), f(2, "priority", Int32, P), f(3, "state", Text, 0)]),
    // 413: k8s.io/api/lifecycle/v1alpha1.ResponderStatus
    plain(&[f(1, "name", Text, 0), f(2, "startTime", Time, P), f(3, "heartbeatTime", Time, P),
        f(4, "expectedCompletionTime", Time, P), f(5, "completionTime", Time, P), f(6, "message", Text, P)]),
    // 414: k8s.io/api/lifecycle/v1alpha1.EvictionList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[406], R)]),
    // 415: k8s.io/api/lifecycle/v1alpha1.EvictionRequest
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[416], 0), m(3, "status", &A[417], 0)]),
    // 416: k8s.io/api/lifecycle/v1alpha1.EvictionRequestSpec
    plain(&[m(1, "target", &A[408], 0), f(2, "requester", Text, 0), f(3, "intent", Text, 0)]),
    // 417: k8s.io/api/lifecycle/v1alpha1.EvictionRequestStatus
    plain(&[m(1, "conditions", &A[43], R), f(2, "observedGeneration", Int64, P)]),
    // 418: k8s.io/api/lifecycle/v1alpha1.EvictionRequestList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[415], R)]),
    // 419: k8s.io/apimachinery/pkg/apis/meta/v1.CreateOptions
    object(&[f(1, "dryRun", Text, R), f(3, "fieldManager", Text, O), f(4, "fieldValidation", Text, O)]),
    // 420: k8s.io/apimachinery/pkg/apis/meta/v1.DeleteOptions
    object(&[f(1, "gracePeriodSeconds", Int64, P), m(2, "preconditions", &A[421], P),
        f(3, "orphanDependents", Bool, P), f(4, "propagationPolicy", Text, P), f(5, "dryRun", Text, R),
        f(6, "ignoreStoreReadErrorWithClusterBreakingPotential", Bool, P)]),
    // 421: k8s.io/apimachinery/pkg/apis/meta/v1.Preconditions
    plain(&[f(1, "uid", Text, P), f(2, "resourceVersion", Text, P)]),
    // 422: k8s.io/apimachinery/pkg/apis/meta/v1.GetOptions
    object(&[f(1, "resourceVersion", Text, O)]),
    // 423: k8s.io/apimachinery/pkg/apis/meta/v1.ListOptions
    object(&[f(1, "labelSelector", Text, O), f(2, "fieldSelector", Text, O), f(3, "watch", Bool, O),
        f(4, "resourceVersion", Text, O), f(5, "timeoutSeconds", Int64, P), f(7, "limit", Int64, O),
        f(8, "continue", Text, O), f(9, "allowWatchBookmarks", Bool, O), f(10, "resourceVersionMatch", Text, O),
        f(11, "sendInitialEvents", Bool, P), f(15, "shardSelector", Text, O)]),
    // 424: k8s.io/apimachinery/pkg/apis/meta/v1.PartialObjectMetadata
    object(&[m(1, "metadata", &A[12], 0)]),
    // 425: k8s.io/apimachinery/pkg/apis/meta/v1.PartialObjectMetadataList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[424], R)]),
    // 426: k8s.io/apimachinery/pkg/apis/meta/v1.PatchOptions
    object(&[f(1, "dryRun", Text, R), f(2, "force", Bool, P), f(3, "fieldManager", Text, O),
        f(4, "fieldValidation", Text, O)]),
    // 427: k8s.io/apimachinery/pkg/apis/meta/v1.TableOptions
    object(&[f(1, "includeObject", Text, O)]),
    // 428: k8s.io/apimachinery/pkg/apis/meta/v1.UpdateOptions
    object(&[f(1, "dryRun", Text, R), f(2, "fieldManager", Text, O), f(3, "fieldValidation", Text, O)]),
    // 429: k8s.io/apimachinery/pkg/apis/meta/v1.WatchEvent
    plain(&[f(1, "type", Text, 0), f(2, "object", Json, 0)]),
    // 430: k8s.io/apimachinery/pkg/apis/meta/v1beta1.PartialObjectMetadataList
    object(&[m(1, "items", &A[424], R), m(2, "metadata", &A[7], 0)]),
    // 431: k8s.io/api/networking/v1.IPAddress and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[432], 0)]),
    // 432: k8s.io/api/networking/v1.IPAddressSpec and 1 more
    plain(&[m(1, "parentRef", &A[433], P)]),
    // 433: k8s.io/api/networking/v1.ParentReference and 1 more
    plain(&[f(1, "group", Text, O), f(2, "resource", Text, O), f(3, "namespace", Text, O), f(4, "name", Text, O)]),
    // 434: k8s.io/api/networking/v1.IPAddressList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[431], R)]),
    // 435: k8s.io/api/networking/v1.Ingress
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[436], 0), m(3, "status", &A[358], 0)]),
    // 436: k8s.io/api/networking/v1.IngressSpec
    plain(&[m(1, "defaultBackend", &A[437], P), m(2, "tls", &A[353], R), m(3, "rules", &A[440], R),
        f(4, "ingressClassName", Text, P)]),
    // 437: k8s.io/api/networking/v1.IngressBackend
    plain(&[m(3, "resource", &A[143], P), m(4, "service", &A[438], P)]),
    // 438: k8s.io/api/networking/v1.IngressServiceBackend
    plain(&[f(1, "name", Text, 0), m(2, "port", &A[439], 0)]),
    // 439: k8s.io/api/networking/v1.ServiceBackendPort
    plain(&[f(1, "name", Text, O), f(2, "number", Int32, O)]),
    // 440: k8s.io/api/networking/v1.IngressRule
    plain(&[f(1, "host", Text, O), m(2, "", &A[441], I)]),
    // 441: k8s.io/api/networking/v1.IngressRuleValue
    plain(&[m(1, "http", &A[442], P)]),
    // 442: k8s.io/api/networking/v1.HTTPIngressRuleValue
    plain(&[m(1, "paths", &A[443], R)]),
    // 443: k8s.io/api/networking/v1.HTTPIngressPath
    plain(&[f(1, "path", Text, O), m(2, "backend", &A[437], 0), f(3, "pathType", Text, P)]),
    // 444: k8s.io/api/networking/v1.IngressClass and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[445], 0)]),
    // 445: k8s.io/api/networking/v1.IngressClassSpec and 1 more
    plain(&[f(1, "controller", Text, O), m(2, "parameters", &A[446], P)]),
    // 446: k8s.io/api/networking/v1.IngressClassParametersReference and 1 more
    plain(&[f(1, "apiGroup", Text, P), f(2, "kind", Text, 0), f(3, "name", Text, 0), f(4, "scope", Text, P),
        f(5, "namespace", Text, P)]),
    // 447: k8s.io/api/networking/v1.IngressClassList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[444], R)]),
    // 448: k8s.io/api/networking/v1.IngressList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[435], R)]),
    // 449: k8s.io/api/networking/v1.ServiceCIDR and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[450], 0), m(3, "status", &A[451], 0)]),
    // 450: k8s.io/api/networking/v1.ServiceCIDRSpec and 1 more
    plain(&[f(1, "cidrs", Text, R)]),
    // 451: k8s.io/api/networking/v1.ServiceCIDRStatus and 5 more
    plain(&[m(1, "conditions", &A[43], R)]),
    // 452: k8s.io/api/networking/v1.ServiceCIDRList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[449], R)]),
    // 453: k8s.io/api/node/v1.RuntimeClass and 1 more
    object(&[m(1, "metadata", &A[12], 0), f(2, "handler", Text, 0), m(3, "overhead", &A[454], P),
        m(4, "scheduling", &A[455], P)]),
    // 454: k8s.io/api/node/v1.Overhead and 2 more
    plain(&[f(1, "podFixed", Quantity, M)]),
    // 455: k8s.io/api/node/v1.Scheduling and 2 more
    plain(&[f(1, "nodeSelector", Text, M), m(2, "tolerations", &A[186], R)]),
    // 456: k8s.io/api/node/v1.RuntimeClassList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[453], R)]),
    // 457: k8s.io/api/node/v1alpha1.RuntimeClass
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[458], 0)]),
    // 458: k8s.io/api/node/v1alpha1.RuntimeClassSpec
    plain(&[f(1, "runtimeHandler", Text, 0), m(2, "overhead", &A[454], P), m(3, "scheduling", &A[455], P)]),
    // 459: k8s.io/api/node/v1alpha1.RuntimeClassList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[457], R)]),
    // 460: k8s.io/api/policy/v1.Eviction and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "deleteOptions", &A[420], P)]),
    // 461: k8s.io/api/policy/v1.PodDisruptionBudget and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[462], 0), m(3, "status", &A[463], 0)]),
    // 462: k8s.io/api/policy/v1.PodDisruptionBudgetSpec and 1 more
    plain(&[f(1, "minAvailable", IntOrString, P), m(2, "selector", &A[18], P), f(3, "maxUnavailable", IntOrString, P),
        f(4, "unhealthyPodEvictionPolicy", Text, P)]),
    // 463: k8s.io/api/policy/v1.PodDisruptionBudgetStatus and 1 more
    plain(&[f(1, "observedGeneration", Int64, O), f(2, "disruptedPods", Time, M), f(3, "disruptionsAllowed", Int32, 0),
        f(4, "currentHealthy", Int32, 0), f(5, "desiredHealthy", Int32, 0), f(6, "expectedPods", Int32, 0),
        m(7, "conditions", &A[43], R)]),
    // 464: k8s.io/api/policy/v1.PodDisruptionBudgetList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[461], R)]),
    // 465: k8s.io/api/rbac/v1.ClusterRole and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "rules", &A[466], R), m(3, "aggregationRule", &A[467], P)]),
    // 466: k8s.io/api/rbac/v1.PolicyRule and 1 more
    plain(&[f(1, "verbs", Text, R), f(2, "apiGroups", Text, R), f(3, "resources", Text, R),
        f(4, "resourceNames", Text, R), f(5, "nonResourceURLs", Text, R)]),
    // 467: k8s.io/api/rbac/v1.AggregationRule and 2 more
    plain(&[m(1, "clusterRoleSelectors", &A[18], R)]),
    // 468: k8s.io/api/rbac/v1.ClusterRoleBinding and 3 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "subjects", &A[469], R), m(3, "roleRef", &A[470], 0)]),
    // 469: k8s.io/api/rbac/v1.Subject and 1 more
    plain(&[f(1, "kind", Text, 0), f(2, "apiGroup", Text, O), f(3, "name", Text, 0), f(4, "namespace", Text, O)]),
    // 470: k8s.io/api/rbac/v1.RoleRef and 2 more
    plain(&[f(1, "apiGroup", Text, 0), f(2, "kind", Text, 0), f(3, "name", Text, 0)]),
    // 471: k8s.io/api/rbac/v1.ClusterRoleBindingList and 3 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[468], R)]),
    // 472: k8s.io/api/rbac/v1.ClusterRoleList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[465], R)]),
    // 473: k8s.io/api/rbac/v1.Role and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "rules", &A[466], R)]),
    // 474: k8s.io/api/rbac/v1.RoleList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[473], R)]),
    // 475: k8s.io/api/rbac/v1alpha1.ClusterRole
    object(&[m(1, "metadata", &A[12], 0), m(2, "rules", &A[476], R), m(3, "aggregationRule", &A[467], P)]),
    // 476: k8s.io/api/rbac/v1alpha1.PolicyRule
    plain(&[f(1, "verbs", Text, R), f(3, "apiGroups", Text, R), f(4, "resources", Text, R),
        f(5, "resourceNames", Text, R), f(6, "nonResourceURLs", Text, R)]),
    // 477: k8s.io/api/rbac/v1alpha1.ClusterRoleBinding and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "subjects", &A[478], R), m(3, "roleRef", &A[470], 0)]),
    // 478: k8s.io/api/rbac/v1alpha1.Subject
    plain(&[f(1, "kind", Text, 0), f(2, "apiVersion", Text, O), f(3, "name", Text, 0), f(4, "namespace", Text, O)]),
    // 479: k8s.io/api/rbac/v1alpha1.ClusterRoleBindingList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[477], R)]),
    // 480: k8s.io/api/rbac/v1alpha1.ClusterRoleList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[475], R)]),
    // 481: k8s.io/api/rbac/v1alpha1.Role
    object(&[m(1, "metadata", &A[12], 0), m(2, "rules", &A[476], R)]),
    // 482: k8s.io/api/rbac/v1alpha1.RoleList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[481], R)]),
    // 483: k8s.io/api/resource/v1.DeviceClass and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[484], 0)]),
    // 484: k8s.io/api/resource/v1.DeviceClassSpec and 2 more
    plain(&[m(1, "selectors", &A[485], R), m(2, "config", &A[487], R), f(4, "extendedResourceName", Text, P)]),
    // 485: k8s.io/api/resource/v1.DeviceSelector and 2 more
    plain(&[m(1, "cel", &A[486], P)]),
    // 486: k8s.io/api/resource/v1.CELDeviceSelector and 2 more
    plain(&[f(1, "expression", Text, 0)]),
    // 487: k8s.io/api/resource/v1.DeviceClassConfiguration and 2 more
    plain(&[m(1, "", &A[488], I)]),
    // 488: k8s.io/api/resource/v1.DeviceConfiguration and 2 more
    plain(&[m(1, "opaque", &A[489], P)]),
    // 489: k8s.io/api/resource/v1.OpaqueDeviceConfiguration and 2 more
    plain(&[f(1, "driver", Text, 0), f(2, "parameters", Json, 0)]),
    // 490: k8s.io/api/resource/v1.DeviceClassList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[483], R)]),
    // 491: k8s.io/api/resource/v1.DeviceTaintRule and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[492], 0), m(3, "status", &A[451], 0)]),
    // 492: k8s.io/api/resource/v1.DeviceTaintRuleSpec and 2 more
    plain(&[m(1, "deviceSelector", &A[493], P), m(2, "taint", &A[494], 0)]),
    // 493: k8s.io/api/resource/v1.DeviceTaintSelector and 2 more
    plain(&[f(2, "driver", Text, P), f(3, "pool", Text, P), f(4, "device", Text, P)]),
    // 494: k8s.io/api/resource/v1.DeviceTaint and 4 more
    plain(&[f(1, "key", Text, 0), f(2, "value", Text, O), f(3, "effect", Text, 0), f(4, "timeAdded", Time, P)]),
    // 495: k8s.io/api/resource/v1.DeviceTaintRuleList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[491], R)]),
    // 496: k8s.io/api/resource/v1.ResourceClaim and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[497], 0), m(3, "status", &A[505], 0)]),
    // 497: k8s.io/api/resource/v1.ResourceClaimSpec and 1 more
    plain(&[m(1, "devices", &A[498], 0)]),
    // 498: k8s.io/api/resource/v1.DeviceClaim and 1 more
    plain(&[m(1, "requests", &A[499], R), m(2, "constraints", &A[503], R), m(3, "config", &A[504], R)]),
    // 499: k8s.io/api/resource/v1.DeviceRequest and 1 more
    plain(&[f(1, "name", Text, 0), m(2, "exactly", &A[500], P), m(3, "firstAvailable", &A[502], R)]),
    // 500: k8s.io/api/resource/v1.ExactDeviceRequest and 1 more
    plain(&[f(1, "deviceClassName", Text, 0), m(2, "selectors", &A[485], R), f(3, "allocationMode", Text, O),
        f(4, "count", Int64, O), f(5, "adminAccess", Bool, P), m(6, "tolerations", &A[186], R),
        m(7, "capacity", &A[501], P), m(8, "derivedAttributes", &A[23], R)]),
    // 501: k8s.io/api/resource/v1.CapacityRequirements and 2 more
    plain(&[f(1, "requests", Quantity, M)]),
    // 502: k8s.io/api/resource/v1.DeviceSubRequest and 1 more
    plain(&[f(1, "name", Text, 0), f(2, "deviceClassName", Text, 0), m(3, "selectors", &A[485], R),
        f(4, "allocationMode", Text, O), f(5, "count", Int64, O), m(6, "tolerations", &A[186], R),
        m(7, "capacity", &A[501], P), m(8, "derivedAttributes", &A[23], R)]),
    // 503: k8s.io/api/resource/v1.DeviceConstraint and 2 more
    plain(&[f(1, "requests", Text, R), f(2, "matchAttribute", Text, P), f(3, "distinctAttribute", Text, P)]),
    // 504: k8s.io/api/resource/v1.DeviceClaimConfiguration and 2 more
    plain(&[f(1, "requests", Text, R), m(2, "", &A[488], I)]),
    // 505: k8s.io/api/resource/v1.ResourceClaimStatus and 2 more
    plain(&[m(1, "allocation", &A[506], P), m(2, "reservedFor", &A[510], R), m(4, "devices", &A[511], R)]),
    // 506: k8s.io/api/resource/v1.AllocationResult and 2 more
    plain(&[m(1, "devices", &A[507], 0), m(3, "nodeSelector", &A[180], P), f(5, "allocationTimestamp", Time, P)]),
    // 507: k8s.io/api/resource/v1.DeviceAllocationResult and 2 more
    plain(&[m(1, "results", &A[508], R), m(2, "config", &A[509], R)]),
    // 508: k8s.io/api/resource/v1.DeviceRequestAllocationResult and 2 more
    plain(&[f(1, "request", Text, 0), f(2, "driver", Text, 0), f(3, "pool", Text, 0), f(4, "device", Text, 0),
        f(5, "adminAccess", Bool, P), m(6, "tolerations", &A[186], R), f(7, "bindingConditions", Text, R),
        f(8, "bindingFailureConditions", Text, R), f(9, "shareID", Text, P), f(10, "consumedCapacity", Quantity, M),
        f(11, "skipNodeOperations", Text, R)]),
    // 509: k8s.io/api/resource/v1.DeviceAllocationConfiguration and 2 more
    plain(&[f(1, "source", Text, 0), f(2, "requests", Text, R), m(3, "", &A[488], I)]),
    // 510: k8s.io/api/resource/v1.ResourceClaimConsumerReference and 2 more
    plain(&[f(1, "apiGroup", Text, O), f(3, "resource", Text, 0), f(4, "name", Text, 0), f(5, "uid", Text, 0)]),
    // 511: k8s.io/api/resource/v1.AllocatedDeviceStatus and 2 more
    plain(&[f(1, "driver", Text, 0), f(2, "pool", Text, 0), f(3, "device", Text, 0), m(4, "conditions", &A[43], R),
        f(5, "data", Json, P), m(6, "networkData", &A[512], P), f(7, "shareID", Text, P)]),
    // 512: k8s.io/api/resource/v1.NetworkDeviceData and 2 more
    plain(&[f(1, "interfaceName", Text, O), f(2, "ips", Text, R), f(3, "hardwareAddress", Text, O)]),
    // 513: k8s.io/api/resource/v1.ResourceClaimList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[496], R)]),
    // 514: k8s.io/api/resource/v1.ResourceClaimTemplate and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[515], 0)]),
    // 515: k8s.io/api/resource/v1.ResourceClaimTemplateSpec and 1 more
    plain(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[497], 0)]),
    // 516: k8s.io/api/resource/v1.ResourceClaimTemplateList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[514], R)]),
    // 517: k8s.io/api/resource/v1.ResourceSlice and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[518], 0)]),
    // 518: k8s.io/api/resource/v1.ResourceSliceSpec and 1 more
    plain(&[f(1, "driver", Text, 0), m(2, "pool", &A[519], 0), f(3, "nodeName", Text, P),
        m(4, "nodeSelector", &A[180], P), f(5, "allNodes", Bool, P), m(6, "devices", &A[520], R),
        f(7, "perDeviceNodeSelection", Bool, P), m(8, "sharedCounters", &A[530], R),
        f(9, "partitionTypeAttribute", Text, P), f(10, "skipNodeOperations", Text, R)]),
    // 519: k8s.io/api/resource/v1.ResourcePool and 2 more
    plain(&[f(1, "name", Text, 0), f(2, "generation", Int64, 0), f(3, "resourceSliceCount", Int64, 0)]),
    // 520: k8s.io/api/resource/v1.Device and 1 more
    plain(&[f(1, "name", Text, 0), m(2, "attributes", &A[521], M), m(3, "capacity", &A[522], M),
        m(4, "consumesCounters", &A[525], R), f(5, "nodeName", Text, P), m(6, "nodeSelector", &A[180], P),
        f(7, "allNodes", Bool, P), m(8, "taints", &A[494], R), f(9, "bindsToNode", Bool, P),
        f(10, "bindingConditions", Text, R), f(11, "bindingFailureConditions", Text, R),
        f(12, "allowMultipleAllocations", Bool, P), m(14, "nodeAllocatableResources", &A[527], M)]),
    // 521: k8s.io/api/resource/v1.DeviceAttribute and 2 more
    plain(&[f(2, "int", Int64, P), f(3, "bool", Bool, P), f(4, "string", Text, P), f(5, "version", Text, P),
        f(6, "ints", Int64, R), f(7, "bools", Bool, R), f(8, "strings", Text, R), f(9, "versions", Text, R)]),
    // 522: k8s.io/api/resource/v1.DeviceCapacity and 2 more
    plain(&[f(1, "value", Quantity, 0), m(2, "requestPolicy", &A[523], P)]),
    // 523: k8s.io/api/resource/v1.CapacityRequestPolicy and 2 more
    plain(&[f(1, "default", Quantity, P), f(3, "validValues", Quantity, R), m(4, "validRange", &A[524], P)]),
    // 524: k8s.io/api/resource/v1.CapacityRequestPolicyRange and 2 more
    plain(&[f(1, "min", Quantity, P), f(2, "max", Quantity, P), f(3, "step", Quantity, P)]),
    // 525: k8s.io/api/resource/v1.DeviceCounterConsumption and 2 more
    plain(&[f(1, "counterSet", Text, 0), m(2, "counters", &A[526], M), f(3, "compatibilityGroups", Text, R)]),
    // 526: k8s.io/api/resource/v1.Counter and 2 more
    plain(&[f(1, "value", Quantity, 0)]),
    // 527: k8s.io/api/resource/v1.NodeAllocatableResource and 2 more
    plain(&[m(3, "mapping", &A[528], P), m(4, "overhead", &A[529], P)]),
    // 528: k8s.io/api/resource/v1.NodeAllocatableMapping and 2 more
    plain(&[f(1, "capacityKey", Text, P), f(2, "capacityMultiplier", Quantity, P),
        f(3, "deviceMultiplier", Quantity, P)]),
    // 529: k8s.io/api/resource/v1.NodeAllocatableOverhead and 2 more
    plain(&[f(1, "perPod", Quantity, P), f(2, "perContainer", Quantity, P)]),
    // 530: k8s.io/api/resource/v1.CounterSet and 2 more
    plain(&[f(1, "name", Text, 0), m(2, "counters", &A[526], M)]),
    // 531: k8s.io/api/resource/v1.ResourceSliceList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[517], R)]),
    // 532: k8s.io/api/resource/v1alpha3.ResourcePoolStatusRequest
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[533], 0), m(3, "status", &A[534], P)]),
    // 533: k8s.io/api/resource/v1alpha3.ResourcePoolStatusRequestSpec
    plain(&[f(1, "driver", Text, 0), f(2, "poolName", Text, P), f(3, "limit", Int32, P),
        f(4, "defaultPartitionTypeAttribute", Text, P)]),
    // 534: k8s.io/api/resource/v1alpha3.ResourcePoolStatusRequestStatus
    plain(&[m(2, "pools", &A[535], R), m(3, "conditions", &A[43], R), f(6, "poolCount", Int32, P)]),
    // 535: k8s.io/api/resource/v1alpha3.PoolStatus
    plain(&[f(1, "driver", Text, O), f(2, "poolName", Text, O), f(3, "nodeName", Text, P),
        f(4, "totalDevices", Int32, P), f(5, "allocatedDevices", Int32, P), f(6, "availableDevices", Int32, P),
        f(7, "unavailableDevices", Int32, P), f(8, "resourceSliceCount", Int32, P), f(9, "generation", Int64, 0),
        f(10, "validationError", Text, P), m(11, "partitionSummary", &A[536], R),
        m(13, "shareableSummary", &A[537], P)]),
    // 536: k8s.io/api/resource/v1alpha3.PartitionTypeStatus
    plain(&[f(1, "type", Text, O), f(2, "total", Int32, P), f(3, "allocatable", Int32, P), f(4, "attribute", Text, O)]),
    // 537: k8s.io/api/resource/v1alpha3.ShareableSummaryStatus
    plain(&[f(1, "fullyAvailableDevices", Int32, P), f(2, "partiallyAvailableDevices", Int32, P),
        m(3, "capacity", &A[538], R)]),
    // 538: k8s.io/api/resource/v1alpha3.ShareableCapacityStatus
    plain(&[f(1, "name", Text, O), f(2, "total", Quantity, P), f(3, "consumed", Quantity, P),
        f(4, "available", Quantity, P)]),
    // 539: k8s.io/api/resource/v1alpha3.ResourcePoolStatusRequestList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[532], R)]),
    // 540: k8s.io/api/resource/v1beta1.ResourceClaim
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[541], 0), m(3, "status", &A[505], 0)]),
    // 541: k8s.io/api/resource/v1beta1.ResourceClaimSpec
    plain(&[m(1, "devices", &A[542], 0)]),
    // 542: k8s.io/api/resource/v1beta1.DeviceClaim
    plain(&[m(1, "requests", &A[543], R), m(2, "constraints", &A[503], R), m(3, "config", &A[504], R)]),
    // 543: k8s.io/api/resource/v1beta1.DeviceRequest
    plain(&[f(1, "name", Text, 0), f(2, "deviceClassName", Text, 0), m(3, "selectors", &A[485], R),
        f(4, "allocationMode", Text, O), f(5, "count", Int64, O), f(6, "adminAccess", Bool, P),
        m(7, "firstAvailable", &A[544], R), m(8, "tolerations", &A[186], R), m(9, "capacity", &A[501], P),
        m(10, "derivedAttributes", &A[23], R)]),
    // 544: k8s.io/api/resource/v1beta1.DeviceSubRequest
    plain(&[f(1, "name", Text, 0), f(2, "deviceClassName", Text, 0), m(3, "selectors", &A[485], R),
        f(4, "allocationMode", Text, O), f(5, "count", Int64, O), m(7, "tolerations", &A[186], R),
        m(8, "capacity", &A[501], P), m(9, "derivedAttributes", &A[23], R)]),
    // 545: k8s.io/api/resource/v1beta1.ResourceClaimList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[540], R)]),
    // 546: k8s.io/api/resource/v1beta1.ResourceClaimTemplate
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[547], 0)]),
    // 547: k8s.io/api/resource/v1beta1.ResourceClaimTemplateSpec
    plain(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[541], 0)]),
    // 548: k8s.io/api/resource/v1beta1.ResourceClaimTemplateList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[546], R)]),
    // 549: k8s.io/api/resource/v1beta1.ResourceSlice
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[550], 0)]),
    // 550: k8s.io/api/resource/v1beta1.ResourceSliceSpec
    plain(&[f(1, "driver", Text, 0), m(2, "pool", &A[519], 0), f(3, "nodeName", Text, O),
        m(4, "nodeSelector", &A[180], P), f(5, "allNodes", Bool, O), m(6, "devices", &A[551], R),
        f(7, "perDeviceNodeSelection", Bool, P), m(8, "sharedCounters", &A[530], R),
        f(9, "partitionTypeAttribute", Text, P), f(10, "skipNodeOperations", Text, R)]),
    // 551: k8s.io/api/resource/v1beta1.Device
    plain(&[f(1, "name", Text, 0), m(2, "basic", &A[552], P)]),
    // 552: k8s.io/api/resource/v1beta1.BasicDevice
    plain(&[m(1, "attributes", &A[521], M), m(2, "capacity", &A[522], M), m(3, "consumesCounters", &A[525], R),
        f(4, "nodeName", Text, P), m(5, "nodeSelector", &A[180], P), f(6, "allNodes", Bool, P),
        m(7, "taints", &A[494], R), f(8, "bindsToNode", Bool, P), f(9, "bindingConditions", Text, R),
        f(10, "bindingFailureConditions", Text, R), f(11, "allowMultipleAllocations", Bool, P),
        m(14, "nodeAllocatableResources", &A[527], M)]),
    // 553: k8s.io/api/resource/v1beta1.ResourceSliceList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[549], R)]),
    // 554: k8s.io/api/scheduling/v1.PriorityClass and 1 more
    object(&[m(1, "metadata", &A[12], 0), f(2, "value", Int32, 0), f(3, "globalDefault", Bool, O),
        f(4, "description", Text, O), f(5, "preemptionPolicy", Text, P)]),
    // 555: k8s.io/api/scheduling/v1.PriorityClassList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[554], R)]),
    // 556: k8s.io/api/scheduling/v1alpha3.CompositePodGroup
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[557], 0), m(3, "status", &A[451], 0)]),
    // 557: k8s.io/api/scheduling/v1alpha3.CompositePodGroupSpec
    plain(&[f(1, "parentCompositePodGroupName", Text, P), m(2, "workloadRef", &A[558], P),
        m(3, "schedulingPolicy", &A[559], 0), m(4, "schedulingConstraints", &A[299], P),
        m(5, "disruptionMode", &A[301], P), f(6, "priorityClassName", Text, O), f(7, "priority", Int32, P),
        f(8, "preemptionPolicy", Text, P)]),
    // 558: k8s.io/api/scheduling/v1alpha3.WorkloadReference and 1 more
    plain(&[f(1, "workloadName", Text, 0), f(2, "templateName", Text, 0)]),
    // 559: k8s.io/api/scheduling/v1alpha3.CompositePodGroupSchedulingPolicy and 1 more
    plain(&[m(1, "basic", &A[71], P), m(2, "gang", &A[560], P)]),
    // 560: k8s.io/api/scheduling/v1alpha3.CompositeGangSchedulingPolicy and 1 more
    plain(&[f(1, "minGroupCount", Int32, 0)]),
    // 561: k8s.io/api/scheduling/v1alpha3.CompositePodGroupList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[556], R)]),
    // 562: k8s.io/api/scheduling/v1alpha3.PodGroup and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[563], 0), m(3, "status", &A[566], 0)]),
    // 563: k8s.io/api/scheduling/v1alpha3.PodGroupSpec and 1 more
    plain(&[f(1, "parentCompositePodGroupName", Text, P), m(2, "workloadRef", &A[558], P),
        m(3, "schedulingPolicy", &A[564], 0), m(4, "schedulingConstraints", &A[299], P),
        m(5, "resourceClaims", &A[302], R), m(6, "disruptionMode", &A[301], P), f(7, "priorityClassName", Text, O),
        f(8, "priority", Int32, P), f(9, "preemptionPolicy", Text, P)]),
    // 564: k8s.io/api/scheduling/v1alpha3.PodGroupSchedulingPolicy and 1 more
    plain(&[m(1, "basic", &A[71], P), m(2, "gang", &A[565], P)]),
    // 565: k8s.io/api/scheduling/v1alpha3.GangSchedulingPolicy and 1 more
    plain(&[f(1, "minCount", Int32, 0)]),
    // 566: k8s.io/api/scheduling/v1alpha3.PodGroupStatus and 1 more
    plain(&[m(1, "conditions", &A[43], R), m(2, "resourceClaimStatuses", &A[567], R)]),
    // 567: k8s.io/api/scheduling/v1alpha3.PodGroupResourceClaimStatus and 2 more
    plain(&[f(1, "name", Text, 0), f(2, "resourceClaimName", Text, P)]),
    // 568: k8s.io/api/scheduling/v1alpha3.PodGroupList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[562], R)]),
    // 569: k8s.io/api/scheduling/v1alpha3.Workload and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[570], 0)]),
    // 570: k8s.io/api/scheduling/v1alpha3.WorkloadSpec and 1 more
    plain(&[m(1, "controllerRef", &A[571], P), m(2, "podGroupTemplates", &A[572], R),
        m(3, "compositePodGroupTemplates", &A[573], R)]),
    // 571: k8s.io/api/scheduling/v1alpha3.TypedLocalObjectReference and 1 more
    plain(&[f(1, "apiGroup", Text, O), f(2, "kind", Text, 0), f(3, "name", Text, 0)]),
    // 572: k8s.io/api/scheduling/v1alpha3.PodGroupTemplate and 1 more
    plain(&[f(1, "name", Text, 0), m(2, "schedulingPolicy", &A[564], 0), m(3, "schedulingConstraints", &A[299], P),
        m(4, "resourceClaims", &A[302], R), m(5, "disruptionMode", &A[301], P), f(6, "priorityClassName", Text, O),
        f(7, "priority", Int32, P), f(8, "preemptionPolicy", Text, P)]),
    // 573: k8s.io/api/scheduling/v1alpha3.CompositePodGroupTemplate and 1 more
    plain(&[f(1, "name", Text, 0), m(2, "schedulingPolicy", &A[559], 0), m(3, "schedulingConstraints", &A[299], P),
        m(4, "disruptionMode", &A[301], P), f(5, "priorityClassName", Text, O), f(6, "priority", Int32, P),
        f(7, "preemptionPolicy", Text, P), m(8, "podGroupTemplates", &A[572], R),
        m(9, "compositePodGroupTemplates", &A[573], R)]),
    // 574: k8s.io/api/scheduling/v1alpha3.WorkloadList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[569], R)]),
    // 575: k8s.io/api/storage/v1.CSIDriver and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[576], 0)]),
    // 576: k8s.io/api/storage/v1.CSIDriverSpec and 1 more
    plain(&[f(1, "attachRequired", Bool, P), f(2, "podInfoOnMount", Bool, P), f(3, "volumeLifecycleModes", Text, R),
        f(4, "storageCapacity", Bool, P), f(5, "fsGroupPolicy", Text, P), m(6, "tokenRequests", &A[577], R),
        f(7, "requiresRepublish", Bool, P), f(8, "seLinuxMount", Bool, P),
        f(9, "nodeAllocatableUpdatePeriodSeconds", Int64, P), f(10, "serviceAccountTokenInSecrets", Bool, P),
        f(11, "preventPodSchedulingIfMissing", Bool, P)]),
    // 577: k8s.io/api/storage/v1.TokenRequest and 1 more
    plain(&[f(1, "audience", Text, 0), f(2, "expirationSeconds", Int64, P)]),
    // 578: k8s.io/api/storage/v1.CSIDriverList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[575], R)]),
    // 579: k8s.io/api/storage/v1.CSINode and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[580], 0), m(3, "status", &A[583], 0)]),
    // 580: k8s.io/api/storage/v1.CSINodeSpec and 1 more
    plain(&[m(1, "drivers", &A[581], R)]),
    // 581: k8s.io/api/storage/v1.CSINodeDriver and 1 more
    plain(&[f(1, "name", Text, 0), f(2, "nodeID", Text, 0), f(3, "topologyKeys", Text, R),
        m(4, "allocatable", &A[582], P)]),
    // 582: k8s.io/api/storage/v1.VolumeNodeResources and 1 more
    plain(&[f(1, "count", Int32, P)]),
    // 583: k8s.io/api/storage/v1.CSINodeStatus and 1 more
    plain(&[m(1, "storageHealth", &A[584], R)]),
    // 584: k8s.io/api/storage/v1.StorageHealth and 1 more
    plain(&[f(1, "name", Text, 0), m(2, "healthConditions", &A[585], R)]),
    // 585: k8s.io/api/storage/v1.StorageHealthCondition and 1 more
    plain(&[f(1, "status", Text, 0), f(2, "reason", Text, 0), f(3, "message", Text, O), f(4, "accessMode", Text, P),
        f(5, "volumeMode", Text, P), f(6, "lastTransitionTime", Time, 0)]),
    // 586: k8s.io/api/storage/v1.CSINodeList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[579], R)]),
    // 587: k8s.io/api/storage/v1.CSIStorageCapacity and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "nodeTopology", &A[18], P), f(3, "storageClassName", Text, 0),
        f(4, "capacity", Quantity, P), f(5, "maximumVolumeSize", Quantity, P)]),
    // 588: k8s.io/api/storage/v1.CSIStorageCapacityList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[587], R)]),
    // 589: k8s.io/api/storage/v1.StorageClass and 1 more
    object(&[m(1, "metadata", &A[12], 0), f(2, "provisioner", Text, 0), f(3, "parameters", Text, M),
        f(4, "reclaimPolicy", Text, P), f(5, "mountOptions", Text, R), f(6, "allowVolumeExpansion", Bool, P),
        f(7, "volumeBindingMode", Text, P), m(8, "allowedTopologies", &A[590], R)]),
    // 590: k8s.io/api/core/v1.TopologySelectorTerm
    plain(&[m(1, "matchLabelExpressions", &A[591], R)]),
    // 591: k8s.io/api/core/v1.TopologySelectorLabelRequirement
    plain(&[f(1, "key", Text, 0), f(2, "values", Text, R)]),
    // 592: k8s.io/api/storage/v1.StorageClassList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[589], R)]),
    // 593: k8s.io/api/storage/v1.VolumeAttachment and 2 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[594], 0), m(3, "status", &A[611], 0)]),
    // 594: k8s.io/api/storage/v1.VolumeAttachmentSpec and 2 more
    plain(&[f(1, "attacher", Text, 0), m(2, "source", &A[595], 0), f(3, "nodeName", Text, 0)]),
    // 595: k8s.io/api/storage/v1.VolumeAttachmentSource and 2 more
    plain(&[f(1, "persistentVolumeName", Text, P), m(2, "inlineVolumeSpec", &A[596], P)]),
    // 596: k8s.io/api/core/v1.PersistentVolumeSpec
    plain(&[f(1, "capacity", Quantity, M), m(2, "", &A[597], I), f(3, "accessModes", Text, R),
        m(4, "claimRef", &A[304], P), f(5, "persistentVolumeReclaimPolicy", Text, O),
        f(6, "storageClassName", Text, O), f(7, "mountOptions", Text, R), f(8, "volumeMode", Text, P),
        m(9, "nodeAffinity", &A[610], P), f(10, "volumeAttributesClassName", Text, P)]),
    // 597: k8s.io/api/core/v1.PersistentVolumeSource
    plain(&[m(1, "gcePersistentDisk", &A[102], P), m(2, "awsElasticBlockStore", &A[103], P),
        m(3, "hostPath", &A[100], P), m(4, "glusterfs", &A[598], P), m(5, "nfs", &A[107], P), m(6, "rbd", &A[599], P),
        m(7, "iscsi", &A[601], P), m(8, "cinder", &A[602], P), m(9, "cephfs", &A[603], P), m(10, "fc", &A[121], P),
        m(11, "flocker", &A[116], P), m(12, "flexVolume", &A[604], P), m(13, "azureFile", &A[605], P),
        m(14, "vsphereVolume", &A[124], P), m(15, "quobyte", &A[125], P), m(16, "azureDisk", &A[126], P),
        m(17, "photonPersistentDisk", &A[127], P), m(18, "portworxVolume", &A[135], P), m(19, "scaleIO", &A[606], P),
        m(20, "local", &A[607], P), m(21, "storageos", &A[608], P), m(22, "csi", &A[609], P)]),
    // 598: k8s.io/api/core/v1.GlusterfsPersistentVolumeSource
    plain(&[f(1, "endpoints", Text, 0), f(2, "path", Text, 0), f(3, "readOnly", Bool, O),
        f(4, "endpointsNamespace", Text, P)]),
    // 599: k8s.io/api/core/v1.RBDPersistentVolumeSource
    plain(&[f(1, "monitors", Text, R), f(2, "image", Text, 0), f(3, "fsType", Text, O), f(4, "pool", Text, O),
        f(5, "user", Text, O), f(6, "keyring", Text, O), m(7, "secretRef", &A[600], P), f(8, "readOnly", Bool, O)]),
    // 600: k8s.io/api/core/v1.SecretReference
    plain(&[f(1, "name", Text, O), f(2, "namespace", Text, O)]),
    // 601: k8s.io/api/core/v1.ISCSIPersistentVolumeSource
    plain(&[f(1, "targetPortal", Text, 0), f(2, "iqn", Text, 0), f(3, "lun", Int32, 0),
        f(4, "iscsiInterface", Text, O), f(5, "fsType", Text, O), f(6, "readOnly", Bool, O), f(7, "portals", Text, R),
        f(8, "chapAuthDiscovery", Bool, O), m(10, "secretRef", &A[600], P), f(11, "chapAuthSession", Bool, O),
        f(12, "initiatorName", Text, P)]),
    // 602: k8s.io/api/core/v1.CinderPersistentVolumeSource
    plain(&[f(1, "volumeID", Text, 0), f(2, "fsType", Text, O), f(3, "readOnly", Bool, O),
        m(4, "secretRef", &A[600], P)]),
    // 603: k8s.io/api/core/v1.CephFSPersistentVolumeSource
    plain(&[f(1, "monitors", Text, R), f(2, "path", Text, O), f(3, "user", Text, O), f(4, "secretFile", Text, O),
        m(5, "secretRef", &A[600], P), f(6, "readOnly", Bool, O)]),
    // 604: k8s.io/api/core/v1.FlexPersistentVolumeSource
    plain(&[f(1, "driver", Text, 0), f(2, "fsType", Text, O), m(3, "secretRef", &A[600], P), f(4, "readOnly", Bool, O),
        f(5, "options", Text, M)]),
    // 605: k8s.io/api/core/v1.AzureFilePersistentVolumeSource
    plain(&[f(1, "secretName", Text, 0), f(2, "shareName", Text, 0), f(3, "readOnly", Bool, O),
        f(4, "secretNamespace", Text, P)]),
    // 606: k8s.io/api/core/v1.ScaleIOPersistentVolumeSource
    plain(&[f(1, "gateway", Text, 0), f(2, "system", Text, 0), m(3, "secretRef", &A[600], P),
        f(4, "sslEnabled", Bool, O), f(5, "protectionDomain", Text, O), f(6, "storagePool", Text, O),
        f(7, "storageMode", Text, O), f(8, "volumeName", Text, O), f(9, "fsType", Text, O),
        f(10, "readOnly", Bool, O)]),
    // 607: k8s.io/api/core/v1.LocalVolumeSource
    plain(&[f(1, "path", Text, 0), f(2, "fsType", Text, P)]),
    // 608: k8s.io/api/core/v1.StorageOSPersistentVolumeSource
    plain(&[f(1, "volumeName", Text, O), f(2, "volumeNamespace", Text, O), f(3, "fsType", Text, O),
        f(4, "readOnly", Bool, O), m(5, "secretRef", &A[304], P)]),
    // 609: k8s.io/api/core/v1.CSIPersistentVolumeSource
    plain(&[f(1, "driver", Text, 0), f(2, "volumeHandle", Text, 0), f(3, "readOnly", Bool, O), f(4, "fsType", Text, O),
        f(5, "volumeAttributes", Text, M), m(6, "controllerPublishSecretRef", &A[600], P),
        m(7, "nodeStageSecretRef", &A[600], P), m(8, "nodePublishSecretRef", &A[600], P),
        m(9, "controllerExpandSecretRef", &A[600], P), m(10, "nodeExpandSecretRef", &A[600], P)]),
    // 610: k8s.io/api/core/v1.VolumeNodeAffinity
    plain(&[m(1, "required", &A[180], P)]),
    // 611: k8s.io/api/storage/v1.VolumeAttachmentStatus and 2 more
    plain(&[f(1, "attached", Bool, 0), f(2, "attachmentMetadata", Text, M), m(3, "attachError", &A[612], P),
        m(4, "detachError", &A[612], P)]),
    // 612: k8s.io/api/storage/v1.VolumeError and 2 more
    plain(&[f(1, "time", Time, 0), f(2, "message", Text, O), f(3, "errorCode", Int32, P)]),
    // 613: k8s.io/api/storage/v1.VolumeAttachmentList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[593], R)]),
    // 614: k8s.io/api/storage/v1.VolumeAttributesClass and 2 more
    object(&[m(1, "metadata", &A[12], 0), f(2, "driverName", Text, 0), f(3, "parameters", Text, M)]),
    // 615: k8s.io/api/storage/v1.VolumeAttributesClassList and 2 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[614], R)]),
    // 616: k8s.io/api/storagemigration/v1.StorageVersionMigration and 1 more
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[617], 0), m(3, "status", &A[619], 0)]),
    // 617: k8s.io/api/storagemigration/v1.StorageVersionMigrationSpec and 1 more
    plain(&[m(1, "resource", &A[618], 0)]),
    // 618: k8s.io/apimachinery/pkg/apis/meta/v1.GroupResource
    plain(&[f(1, "group", Text, 0), f(2, "resource", Text, 0)]),
    // 619: k8s.io/api/storagemigration/v1.StorageVersionMigrationStatus and 1 more
    plain(&[m(1, "conditions", &A[43], R), f(2, "resourceVersion", Text, O)]),
    // 620: k8s.io/api/storagemigration/v1.StorageVersionMigrationList and 1 more
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[616], R)]),
    // 621: k8s.io/apimachinery/pkg/apis/meta/v1.APIGroup
    object(&[f(1, "name", Text, 0), m(2, "versions", &A[622], R), m(3, "preferredVersion", &A[622], 0),
        m(4, "serverAddressByClientCIDRs", &A[623], R)]),
    // 622: k8s.io/apimachinery/pkg/apis/meta/v1.GroupVersionForDiscovery
    plain(&[f(1, "groupVersion", Text, 0), f(2, "version", Text, 0)]),
    // 623: k8s.io/apimachinery/pkg/apis/meta/v1.ServerAddressByClientCIDR
    plain(&[f(1, "clientCIDR", Text, 0), f(2, "serverAddress", Text, 0)]),
    // 624: k8s.io/apimachinery/pkg/apis/meta/v1.APIGroupList
    object(&[m(1, "groups", &A[621], R)]),
    // 625: k8s.io/apimachinery/pkg/apis/meta/v1.APIResourceList
    object(&[f(1, "groupVersion", Text, 0), m(2, "resources", &A[626], R)]),
    // 626: k8s.io/apimachinery/pkg/apis/meta/v1.APIResource
    plain(&[f(1, "name", Text, 0), f(2, "namespaced", Bool, 0), f(3, "kind", Text, 0), f(4, "verbs", Texts, 0),
        f(5, "shortNames", Text, R), f(6, "singularName", Text, 0), f(7, "categories", Text, R),
        f(8, "group", Text, O), f(9, "version", Text, O), f(10, "storageVersionHash", Text, O)]),
    // 627: k8s.io/apimachinery/pkg/apis/meta/v1.APIVersions
    object(&[f(1, "versions", Text, R), m(2, "serverAddressByClientCIDRs", &A[623], R)]),
    // 628: k8s.io/api/core/v1.Binding
    object(&[m(1, "metadata", &A[12], 0), m(2, "target", &A[304], 0)]),
    // 629: k8s.io/api/core/v1.ComponentStatus
    object(&[m(1, "metadata", &A[12], 0), m(2, "conditions", &A[630], R)]),
    // 630: k8s.io/api/core/v1.ComponentCondition
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(3, "message", Text, O), f(4, "error", Text, O)]),
    // 631: k8s.io/api/core/v1.ComponentStatusList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[629], R)]),
    // 632: k8s.io/api/core/v1.ConfigMap
    object(&[m(1, "metadata", &A[12], 0), f(2, "data", Text, M), f(3, "binaryData", Bytes, M),
        f(4, "immutable", Bool, P)]),
    // 633: k8s.io/api/core/v1.ConfigMapList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[632], R)]),
    // 634: k8s.io/api/core/v1.Endpoints
    object(&[m(1, "metadata", &A[12], 0), m(2, "subsets", &A[635], R)]),
    // 635: k8s.io/api/core/v1.EndpointSubset
    plain(&[m(1, "addresses", &A[636], R), m(2, "notReadyAddresses", &A[636], R), m(3, "ports", &A[637], R)]),
    // 636: k8s.io/api/core/v1.EndpointAddress
    plain(&[f(1, "ip", Text, 0), m(2, "targetRef", &A[304], P), f(3, "hostname", Text, O), f(4, "nodeName", Text, P)]),
    // 637: k8s.io/api/core/v1.EndpointPort
    plain(&[f(1, "name", Text, O), f(2, "port", Int32, 0), f(3, "protocol", Text, O), f(4, "appProtocol", Text, P)]),
    // 638: k8s.io/api/core/v1.EndpointsList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[634], R)]),
    // 639: k8s.io/api/core/v1.Event
    object(&[m(1, "metadata", &A[12], 0), m(2, "involvedObject", &A[304], 0), f(3, "reason", Text, O),
        f(4, "message", Text, O), m(5, "source", &A[345], 0), f(6, "firstTimestamp", Time, 0),
        f(7, "lastTimestamp", Time, 0), f(8, "count", Int32, O), f(9, "type", Text, O),
        f(10, "eventTime", MicroTime, 0), m(11, "series", &A[640], P), f(12, "action", Text, O),
        m(13, "related", &A[304], P), f(14, "reportingComponent", Text, 0), f(15, "reportingInstance", Text, 0)]),
    // 640: k8s.io/api/core/v1.EventSeries
    plain(&[f(1, "count", Int32, O), f(2, "lastObservedTime", MicroTime, 0)]),
    // 641: k8s.io/api/core/v1.EventList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[639], R)]),
    // 642: k8s.io/api/core/v1.LimitRange
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[643], 0)]),
    // 643: k8s.io/api/core/v1.LimitRangeSpec
    plain(&[m(1, "limits", &A[644], R)]),
    // 644: k8s.io/api/core/v1.LimitRangeItem
    plain(&[f(1, "type", Text, 0), f(2, "max", Quantity, M), f(3, "min", Quantity, M), f(4, "default", Quantity, M),
        f(5, "defaultRequest", Quantity, M), f(6, "maxLimitRequestRatio", Quantity, M)]),
    // 645: k8s.io/api/core/v1.LimitRangeList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[642], R)]),
    // 646: k8s.io/api/core/v1.List
    object(&[m(1, "metadata", &A[7], 0), f(2, "items", Json, R)]),
    // 647: k8s.io/api/core/v1.Namespace
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[648], 0), m(3, "status", &A[649], 0)]),
    // 648: k8s.io/api/core/v1.NamespaceSpec
    plain(&[f(1, "finalizers", Text, R)]),
    // 649: k8s.io/api/core/v1.NamespaceStatus
    plain(&[f(1, "phase", Text, O), m(2, "conditions", &A[650], R)]),
    // 650: k8s.io/api/core/v1.NamespaceCondition
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(4, "lastTransitionTime", Time, 0),
        f(5, "reason", Text, O), f(6, "message", Text, O)]),
    // 651: k8s.io/api/core/v1.NamespaceList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[647], R)]),
    // 652: k8s.io/api/core/v1.Node
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[653], 0), m(3, "status", &A[657], 0)]),
    // 653: k8s.io/api/core/v1.NodeSpec
    plain(&[f(1, "podCIDR", Text, O), f(2, "externalID", Text, O), f(3, "providerID", Text, O),
        f(4, "unschedulable", Bool, O), m(5, "taints", &A[494], R), m(6, "configSource", &A[654], P),
        f(7, "podCIDRs", Text, R), m(8, "podPreemptionPolicy", &A[656], P)]),
    // 654: k8s.io/api/core/v1.NodeConfigSource
    plain(&[m(2, "configMap", &A[655], P)]),
    // 655: k8s.io/api/core/v1.ConfigMapNodeConfigSource
    plain(&[f(1, "namespace", Text, 0), f(2, "name", Text, 0), f(3, "uid", Text, O), f(4, "resourceVersion", Text, O),
        f(5, "kubeletConfigKey", Text, 0)]),
    // 656: k8s.io/api/core/v1.NodePodPreemptionPolicy
    plain(&[f(1, "disableResizePreemption", Text, R)]),
    // 657: k8s.io/api/core/v1.NodeStatus
    plain(&[f(1, "capacity", Quantity, M), f(2, "allocatable", Quantity, M), f(3, "phase", Text, O),
        m(4, "conditions", &A[658], R), m(5, "addresses", &A[659], R), m(6, "daemonEndpoints", &A[660], 0),
        m(7, "nodeInfo", &A[662], 0), m(8, "images", &A[664], R), f(9, "volumesInUse", Text, R),
        m(10, "volumesAttached", &A[160], R), m(11, "config", &A[665], P), m(12, "runtimeHandlers", &A[666], R),
        m(13, "features", &A[668], P), f(14, "declaredFeatures", Text, R)]),
    // 658: k8s.io/api/core/v1.NodeCondition
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(3, "lastHeartbeatTime", Time, 0),
        f(4, "lastTransitionTime", Time, 0), f(5, "reason", Text, O), f(6, "message", Text, O)]),
    // 659: k8s.io/api/core/v1.NodeAddress
    plain(&[f(1, "type", Text, 0), f(2, "address", Text, 0)]),
    // 660: k8s.io/api/core/v1.NodeDaemonEndpoints
    plain(&[m(1, "kubeletEndpoint", &A[661], 0)]),
    // 661: k8s.io/api/core/v1.DaemonEndpoint
    plain(&[f(1, "Port", Int32, 0)]),
    // 662: k8s.io/api/core/v1.NodeSystemInfo
    plain(&[f(1, "machineID", Text, 0), f(2, "systemUUID", Text, 0), f(3, "bootID", Text, 0),
        f(4, "kernelVersion", Text, 0), f(5, "osImage", Text, 0), f(6, "containerRuntimeVersion", Text, 0),
        f(7, "kubeletVersion", Text, 0), f(8, "kubeProxyVersion", Text, 0), f(9, "operatingSystem", Text, 0),
        f(10, "architecture", Text, 0), m(11, "swap", &A[663], P), f(12, "runningInUserNamespace", Bool, P)]),
    // 663: k8s.io/api/core/v1.NodeSwapStatus
    plain(&[f(1, "capacity", Int64, P)]),
    // 664: k8s.io/api/core/v1.ContainerImage
    plain(&[f(1, "names", Text, R), f(2, "sizeBytes", Int64, O)]),
    // 665: k8s.io/api/core/v1.NodeConfigStatus
    plain(&[m(1, "assigned", &A[654], P), m(2, "active", &A[654], P), m(3, "lastKnownGood", &A[654], P),
        f(4, "error", Text, O)]),
    // 666: k8s.io/api/core/v1.NodeRuntimeHandler
    plain(&[f(1, "name", Text, 0), m(2, "features", &A[667], P)]),
    // 667: k8s.io/api/core/v1.NodeRuntimeHandlerFeatures
    plain(&[f(1, "recursiveReadOnlyMounts", Bool, P), f(2, "userNamespaces", Bool, P)]),
    // 668: k8s.io/api/core/v1.NodeFeatures
    plain(&[f(1, "supplementalGroupsPolicy", Bool, P)]),
    // 669: k8s.io/api/core/v1.NodeList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[652], R)]),
    // 670: k8s.io/api/core/v1.NodeProxyOptions and 2 more
    object(&[f(1, "path", Text, O)]),
    // 671: k8s.io/api/core/v1.PersistentVolume
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[596], 0), m(3, "status", &A[672], 0)]),
    // 672: k8s.io/api/core/v1.PersistentVolumeStatus
    plain(&[f(1, "phase", Text, O), f(2, "message", Text, O), f(3, "reason", Text, O),
        f(4, "lastPhaseTransitionTime", Time, P)]),
    // 673: k8s.io/api/core/v1.PersistentVolumeClaimList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[211], R)]),
    // 674: k8s.io/api/core/v1.PersistentVolumeList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[671], R)]),
    // 675: k8s.io/api/core/v1.Pod
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[97], 0), m(3, "status", &A[676], 0)]),
    // 676: k8s.io/api/core/v1.PodStatus
    plain(&[f(1, "phase", Text, O), m(2, "conditions", &A[677], R), f(3, "message", Text, O), f(4, "reason", Text, O),
        f(5, "hostIP", Text, O), f(6, "podIP", Text, O), f(7, "startTime", Time, P),
        m(8, "containerStatuses", &A[679], R), f(9, "qosClass", Text, O), m(10, "initContainerStatuses", &A[679], R),
        f(11, "nominatedNodeName", Text, O), m(12, "podIPs", &A[678], R),
        m(13, "ephemeralContainerStatuses", &A[679], R), f(14, "resize", Text, O),
        m(15, "resourceClaimStatuses", &A[567], R), m(16, "hostIPs", &A[678], R),
        f(17, "observedGeneration", Int64, O), m(18, "extendedResourceClaimStatus", &A[691], P),
        f(19, "allocatedResources", Quantity, M), m(20, "resources", &A[154], P),
        m(21, "nodeAllocatableResourceClaimStatuses", &A[693], R), m(22, "volumeHealth", &A[696], R)]),
    // 677: k8s.io/api/core/v1.PodCondition
    plain(&[f(1, "type", Text, 0), f(2, "status", Text, 0), f(3, "lastProbeTime", Time, 0),
        f(4, "lastTransitionTime", Time, 0), f(5, "reason", Text, O), f(6, "message", Text, O),
        f(7, "observedGeneration", Int64, O)]),
    // 678: k8s.io/api/core/v1.HostIP and 1 more
    plain(&[f(1, "ip", Text, 0)]),
    // 679: k8s.io/api/core/v1.ContainerStatus
    plain(&[f(1, "name", Text, 0), m(2, "state", &A[680], 0), m(3, "lastState", &A[680], 0), f(4, "ready", Bool, 0),
        f(5, "restartCount", Int32, 0), f(6, "image", Text, 0), f(7, "imageID", Text, 0), f(8, "containerID", Text, O),
        f(9, "started", Bool, P), f(10, "allocatedResources", Quantity, M), m(11, "resources", &A[154], P),
        m(12, "volumeMounts", &A[684], R), m(13, "user", &A[687], P), m(14, "allocatedResourcesStatus", &A[689], R),
        f(15, "stopSignal", Text, P)]),
    // 680: k8s.io/api/core/v1.ContainerState
    plain(&[m(1, "waiting", &A[681], P), m(2, "running", &A[682], P), m(3, "terminated", &A[683], P)]),
    // 681: k8s.io/api/core/v1.ContainerStateWaiting
    plain(&[f(1, "reason", Text, O), f(2, "message", Text, O)]),
    // 682: k8s.io/api/core/v1.ContainerStateRunning
    plain(&[f(1, "startedAt", Time, 0)]),
    // 683: k8s.io/api/core/v1.ContainerStateTerminated
    plain(&[f(1, "exitCode", Int32, 0), f(2, "signal", Int32, O), f(3, "reason", Text, O), f(4, "message", Text, O),
        f(5, "startedAt", Time, 0), f(6, "finishedAt", Time, 0), f(7, "containerID", Text, O)]),
    // 684: k8s.io/api/core/v1.VolumeMountStatus
    plain(&[f(1, "name", Text, 0), f(2, "mountPath", Text, 0), f(3, "readOnly", Bool, O),
        f(4, "recursiveReadOnly", Text, P), m(5, "volumeStatus", &A[685], P)]),
    // 685: k8s.io/api/core/v1.VolumeStatus
    plain(&[m(1, "image", &A[686], P)]),
    // 686: k8s.io/api/core/v1.ImageVolumeStatus
    plain(&[f(1, "imageRef", Text, O)]),
    // 687: k8s.io/api/core/v1.ContainerUser
    plain(&[m(1, "linux", &A[688], P)]),
    // 688: k8s.io/api/core/v1.LinuxContainerUser
    plain(&[f(1, "uid", Int64, 0), f(2, "gid", Int64, 0), f(3, "supplementalGroups", Int64, R)]),
    // 689: k8s.io/api/core/v1.ResourceStatus
    plain(&[f(1, "name", Text, 0), m(2, "resources", &A[690], R)]),
    // 690: k8s.io/api/core/v1.ResourceHealth
    plain(&[f(1, "resourceID", Text, 0), f(2, "health", Text, O), f(6, "message", Text, P)]),
    // 691: k8s.io/api/core/v1.PodExtendedResourceClaimStatus
    plain(&[m(1, "requestMappings", &A[692], R), f(2, "resourceClaimName", Text, 0)]),
    // 692: k8s.io/api/core/v1.ContainerExtendedResourceRequest
    plain(&[f(1, "containerName", Text, 0), f(2, "resourceName", Text, 0), f(3, "requestName", Text, 0)]),
    // 693: k8s.io/api/core/v1.NodeAllocatableResourceClaimStatus
    plain(&[f(1, "resourceClaimName", Text, 0), f(2, "containers", Text, R), m(4, "mapping", &A[694], R),
        m(5, "overhead", &A[695], R)]),
    // 694: k8s.io/api/core/v1.NodeAllocatableMappedResources
    plain(&[f(1, "name", Text, 0), f(2, "quantity", Quantity, P)]),
    // 695: k8s.io/api/core/v1.NodeAllocatableOverheadResources
    plain(&[f(1, "name", Text, 0), f(2, "perPod", Quantity, P), f(3, "perContainer", Quantity, P)]),
    // 696: k8s.io/api/core/v1.PodVolumeHealth
    plain(&[f(1, "name", Text, 0), m(2, "healthConditions", &A[216], R), f(3, "lastTransitionTime", Time, 0)]),
    // 697: k8s.io/api/core/v1.PodAttachOptions
    object(&[f(1, "stdin", Bool, O), f(2, "stdout", Bool, O), f(3, "stderr", Bool, O), f(4, "tty", Bool, O),
        f(5, "container", Text, O)]),
    // 698: k8s.io/api/core/v1.PodExecOptions
    object(&[f(1, "stdin", Bool, O), f(2, "stdout", Bool, O), f(3, "stderr", Bool, O), f(4, "tty", Bool, O),
        f(5, "container", Text, O), f(6, "command", Text, R)]),
    // 699: k8s.io/api/core/v1.PodList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[675], R)]),
    // 700: k8s.io/api/core/v1.PodLogOptions
    object(&[f(1, "container", Text, O), f(2, "follow", Bool, O), f(3, "previous", Bool, O),
        f(4, "sinceSeconds", Int64, P), f(5, "sinceTime", Time, P), f(6, "timestamps", Bool, O),
        f(7, "tailLines", Int64, P), f(8, "limitBytes", Int64, P), f(9, "insecureSkipTLSVerifyBackend", Bool, O),
        f(10, "stream", Text, P)]),
    // 701: k8s.io/api/core/v1.PodPortForwardOptions
    object(&[f(1, "ports", Int32, R)]),
    // 702: k8s.io/api/core/v1.PodTemplate
    object(&[m(1, "metadata", &A[12], 0), m(2, "template", &A[96], 0)]),
    // 703: k8s.io/api/core/v1.PodTemplateList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[702], R)]),
    // 704: k8s.io/api/core/v1.RangeAllocation
    object(&[m(1, "metadata", &A[12], 0), f(2, "range", Text, 0), f(3, "data", Bytes, 0)]),
    // 705: k8s.io/api/core/v1.ReplicationController
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[706], 0), m(3, "status", &A[707], 0)]),
    // 706: k8s.io/api/core/v1.ReplicationControllerSpec
    plain(&[f(1, "replicas", Int32, P), f(2, "selector", Text, M), m(3, "template", &A[96], P),
        f(4, "minReadySeconds", Int32, O)]),
    // 707: k8s.io/api/core/v1.ReplicationControllerStatus
    plain(&[f(1, "replicas", Int32, 0), f(2, "fullyLabeledReplicas", Int32, O), f(3, "observedGeneration", Int64, O),
        f(4, "readyReplicas", Int32, O), f(5, "availableReplicas", Int32, O), m(6, "conditions", &A[90], R)]),
    // 708: k8s.io/api/core/v1.ReplicationControllerList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[705], R)]),
    // 709: k8s.io/api/core/v1.ResourceQuota
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[710], 0), m(3, "status", &A[713], 0)]),
    // 710: k8s.io/api/core/v1.ResourceQuotaSpec
    plain(&[f(1, "hard", Quantity, M), f(2, "scopes", Text, R), m(3, "scopeSelector", &A[711], P)]),
    // 711: k8s.io/api/core/v1.ScopeSelector
    plain(&[m(1, "matchExpressions", &A[712], R)]),
    // 712: k8s.io/api/core/v1.ScopedResourceSelectorRequirement
    plain(&[f(1, "scopeName", Text, 0), f(2, "operator", Text, 0), f(3, "values", Text, R)]),
    // 713: k8s.io/api/core/v1.ResourceQuotaStatus
    plain(&[f(1, "hard", Quantity, M), f(2, "used", Quantity, M)]),
    // 714: k8s.io/api/core/v1.ResourceQuotaList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[709], R)]),
    // 715: k8s.io/api/core/v1.Secret
    object(&[m(1, "metadata", &A[12], 0), f(2, "data", Bytes, M), f(3, "type", Text, O), f(4, "stringData", Text, M),
        f(5, "immutable", Bool, P)]),
    // 716: k8s.io/api/core/v1.SecretList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[715], R)]),
    // 717: k8s.io/api/core/v1.SerializedReference
    object(&[m(1, "reference", &A[304], 0)]),
    // 718: k8s.io/api/core/v1.Service
    object(&[m(1, "metadata", &A[12], 0), m(2, "spec", &A[719], 0), m(3, "status", &A[723], 0)]),
    // 719: k8s.io/api/core/v1.ServiceSpec
    plain(&[m(1, "ports", &A[720], R), f(2, "selector", Text, M), f(3, "clusterIP", Text, O), f(4, "type", Text, O),
        f(5, "externalIPs", Text, R), f(7, "sessionAffinity", Text, O), f(8, "loadBalancerIP", Text, O),
        f(9, "loadBalancerSourceRanges", Text, R), f(10, "externalName", Text, O),
        f(11, "externalTrafficPolicy", Text, O), f(12, "healthCheckNodePort", Int32, O),
        f(13, "publishNotReadyAddresses", Bool, O), m(14, "sessionAffinityConfig", &A[721], P),
        f(17, "ipFamilyPolicy", Text, P), f(18, "clusterIPs", Text, R), f(19, "ipFamilies", Text, R),
        f(20, "allocateLoadBalancerNodePorts", Bool, P), f(21, "loadBalancerClass", Text, P),
        f(22, "internalTrafficPolicy", Text, P), f(23, "trafficDistribution", Text, P)]),
    // 720: k8s.io/api/core/v1.ServicePort
    plain(&[f(1, "name", Text, O), f(2, "protocol", Text, O), f(3, "port", Int32, 0),
        f(4, "targetPort", IntOrString, 0), f(5, "nodePort", Int32, O), f(6, "appProtocol", Text, P)]),
    // 721: k8s.io/api/core/v1.SessionAffinityConfig
    plain(&[m(1, "clientIP", &A[722], P)]),
    // 722: k8s.io/api/core/v1.ClientIPConfig
    plain(&[f(1, "timeoutSeconds", Int32, P)]),
    // 723: k8s.io/api/core/v1.ServiceStatus
    plain(&[m(1, "loadBalancer", &A[724], 0), m(2, "conditions", &A[43], R)]),
    // 724: k8s.io/api/core/v1.LoadBalancerStatus
    plain(&[m(1, "ingress", &A[725], R)]),
    // 725: k8s.io/api/core/v1.LoadBalancerIngress
    plain(&[f(1, "ip", Text, O), f(2, "hostname", Text, O), f(3, "ipMode", Text, P), m(4, "ports", &A[361], R)]),
    // 726: k8s.io/api/core/v1.ServiceAccount
    object(&[m(1, "metadata", &A[12], 0), m(2, "secrets", &A[304], R), m(3, "imagePullSecrets", &A[109], R),
        f(4, "automountServiceAccountToken", Bool, P)]),
    // 727: k8s.io/api/core/v1.ServiceAccountList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[726], R)]),
    // 728: k8s.io/api/core/v1.ServiceList
    object(&[m(1, "metadata", &A[7], 0), m(2, "items", &A[718], R)]),
];

pub(super) static KINDS: [(&str, &[(&str, &Message)]); 66] = [
    ("admission.k8s.io/v1", &[("AdmissionReview", &A[0])]),
    ("admission.k8s.io/v1beta1", &[("AdmissionReview", &A[0])]),
    ("admissionregistration.k8s.io/v1", &[("MutatingAdmissionPolicy", &A[11]),
        ("MutatingAdmissionPolicyBinding", &A[26]), ("MutatingAdmissionPolicyBindingList", &A[29]),
        ("MutatingAdmissionPolicyList", &A[30]), ("MutatingWebhookConfiguration", &A[31]),
        ("MutatingWebhookConfigurationList", &A[35]), ("ValidatingAdmissionPolicy", &A[36]),
        ("ValidatingAdmissionPolicyBinding", &A[44]), ("ValidatingAdmissionPolicyBindingList", &A[46]),
        ("ValidatingAdmissionPolicyList", &A[47]), ("ValidatingWebhookConfiguration", &A[48]),
        ("ValidatingWebhookConfigurationList", &A[50])]),
    ("admissionregistration.k8s.io/v1alpha1", &[("MutatingAdmissionPolicy", &A[11]),
        ("MutatingAdmissionPolicyBinding", &A[26]), ("MutatingAdmissionPolicyBindingList", &A[29]),
        ("MutatingAdmissionPolicyList", &A[30]), ("ValidatingAdmissionPolicy", &A[36]),
        ("ValidatingAdmissionPolicyBinding", &A[44]), ("ValidatingAdmissionPolicyBindingList", &A[46]),
        ("ValidatingAdmissionPolicyList", &A[47])]),
    ("admissionregistration.k8s.io/v1beta1", &[("MutatingAdmissionPolicy", &A[11]),
        ("MutatingAdmissionPolicyBinding", &A[26]), ("MutatingAdmissionPolicyBindingList", &A[29]),
        ("MutatingAdmissionPolicyList", &A[30]), ("MutatingWebhookConfiguration", &A[31]),
        ("MutatingWebhookConfigurationList", &A[35]), ("ValidatingAdmissionPolicy", &A[36]),
        ("ValidatingAdmissionPolicyBinding", &A[44]), ("ValidatingAdmissionPolicyBindingList", &A[46]),
        ("ValidatingAdmissionPolicyList", &A[47]), ("ValidatingWebhookConfiguration", &A[48]),
        ("ValidatingWebhookConfigurationList", &A[50])]),
    ("apidiscovery.k8s.io/v2", &[("APIGroupDiscovery", &A[51]), ("APIGroupDiscoveryList", &A[55])]),
    ("apidiscovery.k8s.io/v2beta1", &[("APIGroupDiscovery", &A[51]), ("APIGroupDiscoveryList", &A[55])]),
    ("apiextensions.k8s.io/v1", &[("ConversionReview", &A[56]), ("CustomResourceDefinition", &A[59]),
        ("CustomResourceDefinitionList", &A[79])]),
    ("apiextensions.k8s.io/v1beta1", &[("ConversionReview", &A[56]), ("CustomResourceDefinition", &A[80]),
        ("CustomResourceDefinitionList", &A[85])]),
    ("apiregistration.k8s.io/v1", &[("APIService", &A[86]), ("APIServiceList", &A[91])]),
    ("apiregistration.k8s.io/v1beta1", &[("APIService", &A[86]), ("APIServiceList", &A[91])]),
    ("apps/v1", &[("ControllerRevision", &A[92]), ("ControllerRevisionList", &A[93]), ("DaemonSet", &A[94]),
        ("DaemonSetList", &A[199]), ("Deployment", &A[200]), ("DeploymentList", &A[204]), ("ReplicaSet", &A[205]),
        ("ReplicaSetList", &A[208]), ("StatefulSet", &A[209]), ("StatefulSetList", &A[222])]),
    ("apps/v1beta1", &[("ControllerRevision", &A[92]), ("ControllerRevisionList", &A[93]), ("Deployment", &A[223]),
        ("DeploymentList", &A[226]), ("DeploymentRollback", &A[227]), ("Scale", &A[228]), ("StatefulSet", &A[231]),
        ("StatefulSetList", &A[233])]),
    ("apps/v1beta2", &[("ControllerRevision", &A[92]), ("ControllerRevisionList", &A[93]), ("DaemonSet", &A[94]),
        ("DaemonSetList", &A[199]), ("Deployment", &A[200]), ("DeploymentList", &A[204]), ("ReplicaSet", &A[205]),
        ("ReplicaSetList", &A[208]), ("Scale", &A[228]), ("StatefulSet", &A[209]), ("StatefulSetList", &A[222])]),
    ("authentication.k8s.io/v1", &[("SelfSubjectReview", &A[234]), ("TokenRequest", &A[236]),
        ("TokenReview", &A[240])]),
    ("authentication.k8s.io/v1alpha1", &[("SelfSubjectReview", &A[234])]),
    ("authentication.k8s.io/v1beta1", &[("SelfSubjectReview", &A[234]), ("TokenReview", &A[240])]),
    ("authorization.k8s.io/v1", &[("LocalSubjectAccessReview", &A[243]), ("SelfSubjectAccessReview", &A[249]),
        ("SelfSubjectRulesReview", &A[251]), ("SubjectAccessReview", &A[243])]),
    ("authorization.k8s.io/v1beta1", &[("LocalSubjectAccessReview", &A[256]), ("SelfSubjectAccessReview", &A[249]),
        ("SelfSubjectRulesReview", &A[251]), ("SubjectAccessReview", &A[256])]),
    ("autoscaling/v1", &[("HorizontalPodAutoscaler", &A[258]), ("HorizontalPodAutoscalerList", &A[262]),
        ("Scale", &A[263])]),
    ("autoscaling/v2", &[("HorizontalPodAutoscaler", &A[265]), ("HorizontalPodAutoscalerList", &A[285])]),
    ("batch/v1", &[("CronJob", &A[286]), ("CronJobList", &A[305]), ("Job", &A[306]), ("JobList", &A[309])]),
    ("batch/v1beta1", &[("CronJob", &A[286]), ("CronJobList", &A[305])]),
    ("certificates.k8s.io/v1", &[("CertificateSigningRequest", &A[310]), ("CertificateSigningRequestList", &A[314]),
        ("ClusterTrustBundle", &A[315]), ("ClusterTrustBundleList", &A[317]), ("PodCertificateRequest", &A[318]),
        ("PodCertificateRequestList", &A[321])]),
    ("certificates.k8s.io/v1alpha1", &[("ClusterTrustBundle", &A[315]), ("ClusterTrustBundleList", &A[317])]),
    ("certificates.k8s.io/v1beta1", &[("CertificateSigningRequest", &A[322]),
        ("CertificateSigningRequestList", &A[324]), ("ClusterTrustBundle", &A[315]),
        ("ClusterTrustBundleList", &A[317]), ("PodCertificateRequest", &A[325]),
        ("PodCertificateRequestList", &A[327])]),
    ("coordination.k8s.io/v1", &[("Lease", &A[328]), ("LeaseList", &A[330])]),
    ("coordination.k8s.io/v1alpha2", &[("LeaseCandidate", &A[331]), ("LeaseCandidateList", &A[333])]),
    ("coordination.k8s.io/v1beta1", &[("Lease", &A[328]), ("LeaseCandidate", &A[331]), ("LeaseCandidateList", &A[333]),
        ("LeaseList", &A[330])]),
    ("discovery.k8s.io/v1", &[("EndpointSlice", &A[334]), ("EndpointSliceList", &A[339])]),
    ("discovery.k8s.io/v1beta1", &[("EndpointSlice", &A[340]), ("EndpointSliceList", &A[342])]),
    ("events.k8s.io/v1", &[("Event", &A[343]), ("EventList", &A[346])]),
    ("events.k8s.io/v1beta1", &[("Event", &A[343]), ("EventList", &A[346])]),
    ("extensions/v1beta1", &[("DaemonSet", &A[347]), ("DaemonSetList", &A[349]), ("Deployment", &A[223]),
        ("DeploymentList", &A[226]), ("DeploymentRollback", &A[227]), ("Ingress", &A[350]), ("IngressList", &A[362]),
        ("NetworkPolicy", &A[363]), ("NetworkPolicyList", &A[370]), ("ReplicaSet", &A[205]),
        ("ReplicaSetList", &A[208]), ("Scale", &A[228])]),
    ("flowcontrol.apiserver.k8s.io/v1", &[("FlowSchema", &A[371]), ("FlowSchemaList", &A[381]),
        ("PriorityLevelConfiguration", &A[382]), ("PriorityLevelConfigurationList", &A[388])]),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &[("FlowSchema", &A[371]), ("FlowSchemaList", &A[381]),
        ("PriorityLevelConfiguration", &A[389]), ("PriorityLevelConfigurationList", &A[392])]),
    ("flowcontrol.apiserver.k8s.io/v1beta2", &[("FlowSchema", &A[371]), ("FlowSchemaList", &A[381]),
        ("PriorityLevelConfiguration", &A[389]), ("PriorityLevelConfigurationList", &A[392])]),
    ("flowcontrol.apiserver.k8s.io/v1beta3", &[("FlowSchema", &A[371]), ("FlowSchemaList", &A[381]),
        ("PriorityLevelConfiguration", &A[393]), ("PriorityLevelConfigurationList", &A[396])]),
    ("imagepolicy.k8s.io/v1alpha1", &[("ImageReview", &A[397])]),
    ("internal.apiserver.k8s.io/v1alpha1", &[("StorageVersion", &A[401]), ("StorageVersionList", &A[405])]),
    ("lifecycle.k8s.io/v1alpha1", &[("Eviction", &A[406]), ("EvictionList", &A[414]), ("EvictionRequest", &A[415]),
        ("EvictionRequestList", &A[418])]),
    ("meta.k8s.io/v1", &[("CreateOptions", &A[419]), ("DeleteOptions", &A[420]), ("GetOptions", &A[422]),
        ("ListOptions", &A[423]), ("PartialObjectMetadata", &A[424]), ("PartialObjectMetadataList", &A[425]),
        ("PatchOptions", &A[426]), ("TableOptions", &A[427]), ("UpdateOptions", &A[428]), ("WatchEvent", &A[429])]),
    ("meta.k8s.io/v1beta1", &[("PartialObjectMetadata", &A[424]), ("PartialObjectMetadataList", &A[430]),
        ("TableOptions", &A[427])]),
    ("networking.k8s.io/v1", &[("IPAddress", &A[431]), ("IPAddressList", &A[434]), ("Ingress", &A[435]),
        ("IngressClass", &A[444]), ("IngressClassList", &A[447]), ("IngressList", &A[448]), ("NetworkPolicy", &A[363]),
        ("NetworkPolicyList", &A[370]), ("ServiceCIDR", &A[449]), ("ServiceCIDRList", &A[452])]),
    ("networking.k8s.io/v1beta1", &[("IPAddress", &A[431]), ("IPAddressList", &A[434]), ("Ingress", &A[350]),
        ("IngressClass", &A[444]), ("IngressClassList", &A[447]), ("IngressList", &A[362]), ("ServiceCIDR", &A[449]),
        ("ServiceCIDRList", &A[452])]),
    ("node.k8s.io/v1", &[("RuntimeClass", &A[453]), ("RuntimeClassList", &A[456])]),
    ("node.k8s.io/v1alpha1", &[("RuntimeClass", &A[457]), ("RuntimeClassList", &A[459])]),
    ("node.k8s.io/v1beta1", &[("RuntimeClass", &A[453]), ("RuntimeClassList", &A[456])]),
    ("policy/v1", &[("Eviction", &A[460]), ("PodDisruptionBudget", &A[461]), ("PodDisruptionBudgetList", &A[464])]),
    ("policy/v1beta1", &[("Eviction", &A[460]), ("PodDisruptionBudget", &A[461]),
        ("PodDisruptionBudgetList", &A[464])]),
    ("rbac.authorization.k8s.io/v1", &[("ClusterRole", &A[465]), ("ClusterRoleBinding", &A[468]),
        ("ClusterRoleBindingList", &A[471]), ("ClusterRoleList", &A[472]), ("Role", &A[473]), ("RoleBinding", &A[468]),
        ("RoleBindingList", &A[471]), ("RoleList", &A[474])]),
    ("rbac.authorization.k8s.io/v1alpha1", &[("ClusterRole", &A[475]), ("ClusterRoleBinding", &A[477]),
        ("ClusterRoleBindingList", &A[479]), ("ClusterRoleList", &A[480]), ("Role", &A[481]), ("RoleBinding", &A[477]),
        ("RoleBindingList", &A[479]), ("RoleList", &A[482])]),
    ("rbac.authorization.k8s.io/v1beta1", &[("ClusterRole", &A[465]), ("ClusterRoleBinding", &A[468]),
        ("ClusterRoleBindingList", &A[471]), ("ClusterRoleList", &A[472]), ("Role", &A[473]), ("RoleBinding", &A[468]),
        ("RoleBindingList", &A[471]), ("RoleList", &A[474])]),
    ("resource.k8s.io/v1", &[("DeviceClass", &A[483]), ("DeviceClassList", &A[490]), ("DeviceTaintRule", &A[491]),
        ("DeviceTaintRuleList", &A[495]), ("ResourceClaim", &A[496]), ("ResourceClaimList", &A[513]),
        ("ResourceClaimTemplate", &A[514]), ("ResourceClaimTemplateList", &A[516]), ("ResourceSlice", &A[517]),
        ("ResourceSliceList", &A[531])]),
    ("resource.k8s.io/v1alpha3", &[("DeviceTaintRule", &A[491]), ("DeviceTaintRuleList", &A[495]),
        ("ResourcePoolStatusRequest", &A[532]), ("ResourcePoolStatusRequestList", &A[539])]),
    ("resource.k8s.io/v1beta1", &[("DeviceClass", &A[483]), ("DeviceClassList", &A[490]), ("ResourceClaim", &A[540]),
        ("ResourceClaimList", &A[545]), ("ResourceClaimTemplate", &A[546]), ("ResourceClaimTemplateList", &A[548]),
        ("ResourceSlice", &A[549]), ("ResourceSliceList", &A[553])]),
    ("resource.k8s.io/v1beta2", &[("DeviceClass", &A[483]), ("DeviceClassList", &A[490]), ("DeviceTaintRule", &A[491]),
        ("DeviceTaintRuleList", &A[495]), ("ResourceClaim", &A[496]), ("ResourceClaimList", &A[513]),
        ("ResourceClaimTemplate", &A[514]), ("ResourceClaimTemplateList", &A[516]), ("ResourceSlice", &A[517]),
        ("ResourceSliceList", &A[531])]),
    ("scheduling.k8s.io/v1", &[("PriorityClass", &A[554]), ("PriorityClassList", &A[555])]),
    ("scheduling.k8s.io/v1alpha3", &[("CompositePodGroup", &A[556]), ("CompositePodGroupList", &A[561]),
        ("PodGroup", &A[562]), ("PodGroupList", &A[568]), ("Workload", &A[569]), ("WorkloadList", &A[574])]),
    ("scheduling.k8s.io/v1beta1", &[("PodGroup", &A[562]), ("PodGroupList", &A[568]), ("PriorityClass", &A[554]),
        ("PriorityClassList", &A[555]), ("Workload", &A[569]), ("WorkloadList", &A[574])]),
    ("storage.k8s.io/v1", &[("CSIDriver", &A[575]), ("CSIDriverList", &A[578]), ("CSINode", &A[579]),
        ("CSINodeList", &A[586]), ("CSIStorageCapacity", &A[587]), ("CSIStorageCapacityList", &A[588]),
        ("StorageClass", &A[589]), ("StorageClassList", &A[592]), ("VolumeAttachment", &A[593]),
        ("VolumeAttachmentList", &A[613]), ("VolumeAttributesClass", &A[614]), ("VolumeAttributesClassList", &A[615])]),
    ("storage.k8s.io/v1alpha1", &[("CSIStorageCapacity", &A[587]), ("CSIStorageCapacityList", &A[588]),
        ("VolumeAttachment", &A[593]), ("VolumeAttachmentList", &A[613]), ("VolumeAttributesClass", &A[614]),
        ("VolumeAttributesClassList", &A[615])]),
    ("storage.k8s.io/v1beta1", &[("CSIDriver", &A[575]), ("CSIDriverList", &A[578]), ("CSINode", &A[579]),
        ("CSINodeList", &A[586]), ("CSIStorageCapacity", &A[587]), ("CSIStorageCapacityList", &A[588]),
        ("StorageClass", &A[589]), ("StorageClassList", &A[592]), ("VolumeAttachment", &A[593]),
        ("VolumeAttachmentList", &A[613]), ("VolumeAttributesClass", &A[614]), ("VolumeAttributesClassList", &A[615])]),
    ("storagemigration.k8s.io/v1", &[("StorageVersionMigration", &A[616]), ("StorageVersionMigrationList", &A[620])]),
    ("storagemigration.k8s.io/v1beta1", &[("StorageVersionMigration", &A[616]),
        ("StorageVersionMigrationList", &A[620])]),
    ("v1", &[("APIGroup", &A[621]), ("APIGroupList", &A[624]), ("APIResourceList", &A[625]), ("APIVersions", &A[627]),
        ("Binding", &A[628]), ("ComponentStatus", &A[629]), ("ComponentStatusList", &A[631]), ("ConfigMap", &A[632]),
        ("ConfigMapList", &A[633]), ("CreateOptions", &A[419]), ("DeleteOptions", &A[420]), ("Endpoints", &A[634]),
        ("EndpointsList", &A[638]), ("Event", &A[639]), ("EventList", &A[641]), ("GetOptions", &A[422]),
        ("LimitRange", &A[642]), ("LimitRangeList", &A[645]), ("List", &A[646]), ("ListOptions", &A[423]),
        ("Namespace", &A[647]), ("NamespaceList", &A[651]), ("Node", &A[652]), ("NodeList", &A[669]),
        ("NodeProxyOptions", &A[670]), ("PatchOptions", &A[426]), ("PersistentVolume", &A[671]),
        ("PersistentVolumeClaim", &A[211]), ("PersistentVolumeClaimList", &A[673]), ("PersistentVolumeList", &A[674]),
        ("Pod", &A[675]), ("PodAttachOptions", &A[697]), ("PodExecOptions", &A[698]), ("PodList", &A[699]),
        ("PodLogOptions", &A[700]), ("PodPortForwardOptions", &A[701]), ("PodProxyOptions", &A[670]),
        ("PodTemplate", &A[702]), ("PodTemplateList", &A[703]), ("RangeAllocation", &A[704]),
        ("ReplicationController", &A[705]), ("ReplicationControllerList", &A[708]), ("ResourceQuota", &A[709]),
        ("ResourceQuotaList", &A[714]), ("Secret", &A[715]), ("SecretList", &A[716]), ("SerializedReference", &A[717]),
        ("Service", &A[718]), ("ServiceAccount", &A[726]), ("ServiceAccountList", &A[727]), ("ServiceList", &A[728]),
        ("ServiceProxyOptions", &A[670]), ("Status", &A[6]), ("UpdateOptions", &A[428]), ("WatchEvent", &A[429])]),
];
